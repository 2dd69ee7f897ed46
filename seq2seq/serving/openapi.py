"""The OpenAPI document of a server, for the model that it serves."""

from typing import Any

import numpy as np

from seq2seq.serving.json_request import DEFAULT
from seq2seq.serving.model_version import ModelVersion
from seq2seq.serving.signature import Port, Signature

Schema = dict[str, Any]
BYTES = {
    "type": "object",
    "properties": {"b64": {"type": "string", "format": "byte"}},
    "required": ["b64"],
    "additionalProperties": False,
}
ERROR = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
FAILURES = {
    "400": "The request is wrong.",
    "404": "There is no such model or version.",
    "413": "The request is too large.",
    "499": "The client has gone.",
    "500": "The server failed.",
    "501": "The model cannot do this.",
    "503": "The queue is full, or the server is about to end: try again later.",
    "504": "The deadline has passed.",
}


def openapi(name: str, version: ModelVersion) -> Schema:
    """Writes the document for a version of the model called `name`."""
    model = f"/v1/models/{name}"
    signatures = version.signatures.values()
    asked = {"anyOf": [form for each in signatures for form in _requests(each)]}
    text = _object({"text": {"type": "string"}})
    numbered = f"{model}/versions/{{version}}"
    paths: dict[str, Schema] = {}
    for path in (model, numbered):
        paths[path] = {"get": _operation("Tell how far the versions are.")}
        paths[f"{path}/metadata"] = {"get": _operation("Tell the signatures.")}
        paths[f"{path}:predict"] = {"post": _operation("Answer texts.", asked)}
        told = _operation("Tell a text while it is found.", text, "application/x-ndjson")
        paths[f"{path}:stream"] = {"post": told}
    for path, operations in paths.items():
        if path.startswith(numbered):
            number = {"type": "integer", "minimum": 0, "maximum": 2**59}
            given = {"name": "version", "in": "path", "required": True, "schema": number}
            operations["parameters"] = [given]
    metrics = _operation("Tell numbers to Prometheus.", kind="text/plain")
    paths["/monitoring/prometheus/metrics"] = {"get": metrics}
    about = {"title": f"The model {name}", "version": str(version.number)}
    return {"openapi": "3.1.0", "info": about, "paths": paths}


def _operation(summary: str, body: Schema | None = None, kind: str = "application/json") -> Schema:
    content = lambda kind, schema: {kind: {"schema": schema}}
    operation: Schema = {
        "summary": summary,
        "responses": {"200": {"description": "What was asked for.", "content": content(kind, {})}},
    }
    for status, why in FAILURES.items():
        failure = {"description": why, "content": content("application/json", ERROR)}
        operation["responses"][status] = failure
    if body is not None:
        operation["requestBody"] = {"required": True, "content": content("application/json", body)}
    return operation


def _requests(signature: Signature) -> list[Schema]:
    """Gives the forms of a request for a signature: by rows, by columns."""
    rows = {name: _tensor(port, 1) for name, port in signature.inputs.items()}
    columns = {name: _tensor(port, 0) for name, port in signature.inputs.items()}
    row, column = ({"anyOf": [_object(each), *_alone(each)]} for each in (rows, columns))
    name = {"signature_name": {"type": "string", "enum": [signature.name]}}
    optional = ["signature_name"] if signature.name == DEFAULT else []
    instances = {"type": "array", "items": row, "minItems": 1}
    return [
        _object(name | {"instances": instances}, optional),
        _object(name | {"inputs": column}, optional),
    ]


def _alone(ports: dict[str, Schema]) -> list[Schema]:
    """Gives the form without a name that a lone input may have."""
    return list(ports.values()) if len(ports) == 1 else []


def _tensor(port: Port, left_out: int) -> Schema:
    """Describes nested lists, without so many of the first axes."""
    schema = _value(port.type)
    for size in reversed((port.shape or ())[left_out:]):
        schema = {"type": "array", "items": schema}
        if size >= 0:
            schema |= {"minItems": size, "maxItems": size}
    return schema


def _value(kind: type | None) -> Schema:
    if kind is None:
        return {}
    if kind is np.object_:
        return {"anyOf": [{"type": "string"}, BYTES]}
    if kind is np.bool_:
        return {"type": "boolean"}
    if issubclass(kind, np.integer):
        limits = np.iinfo(kind)
        return {"type": "integer", "minimum": int(limits.min), "maximum": int(limits.max)}
    return {"type": "number"}


def _object(properties: dict[str, Schema], optional: list[str] = []) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }
