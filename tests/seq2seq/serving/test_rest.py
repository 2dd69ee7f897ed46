"""The REST interface, asked as a client does: of our own server and of TensorFlow Serving."""

import base64

import pytest

WRONG = {
    "no JSON": b'{"instances": [',
    "no body": b"",
    "no object": b"[]",
    "neither form": b"{}",
    "both forms": b'{"instances": ["a"], "inputs": ["a"]}',
    "no list": b'{"instances": "a"}',
    "no instance": b'{"instances": []}',
    "another signature": b'{"signature_name": "nope", "instances": ["a"]}',
    "a signature that is no name": b'{"signature_name": 3, "instances": ["a"]}',
    "a number": b'{"instances": [3]}',
    "null": b'{"instances": [null]}',
    "another key": b'{"instances": [{"words": "a"}]}',
    "one key too many": b'{"instances": [{"text": "a", "words": "a"}]}',
    "mixed rows": b'{"instances": [{"text": "a"}, "b"]}',
    "no base64": b'{"instances": [{"b64": "%%"}]}',
    "a key too few": b'{"inputs": {"words": ["a"]}}',
    "a ragged list": b'{"signature_name": "detokenize", "inputs": [[1, 2], [3]]}',
    "plain rows of several inputs": b'{"signature_name": "sample", "instances": ["a"]}',
    "a plain column of several inputs": b'{"signature_name": "sample", "inputs": ["a"]}',
    "a fraction for an integer": b'{"signature_name": "detokenize", "inputs": [[1.5]]}',
    "an integer of too many bits": b'{"signature_name": "detokenize", "inputs": [[3000000000]]}',
    "a text for a number": b'{"signature_name": "detokenize", "inputs": [["a"]]}',
    "rows of an output without rows": b'{"signature_name": "count", "instances": ["a"]}',
    "what the graph refuses": b'{"instances": ["a", "fail", "b"]}',
    "lists in lists": b'{"inputs": ' + b"[" * 500 + b"]" * 500 + b"}",
}


def test_rows_get_an_object_each_in_their_order(client):
    rows = client.predict(instances=["a", "über"])["predictions"]
    assert rows == [{"text": "A", "score": -0.5}, {"text": "ÜBER", "score": -2.0}]


def test_rows_may_name_their_input(client):
    named = client.predict(instances=[{"text": "a"}, {"text": "b"}])
    assert named == client.predict(instances=["a", "b"])


def test_columns_get_a_list_for_each_output(client):
    expected = {"outputs": {"text": ["A", "B"], "score": [-0.5, -0.5]}}
    assert client.predict(inputs=["a", "b"]) == expected
    assert client.predict(inputs={"text": ["a", "b"]}) == expected


def test_a_lone_output_comes_without_its_name(client):
    assert client.predict(signature_name="plain", instances=["a", "b"]) == {
        "predictions": ["A", "B"]
    }
    assert client.predict(signature_name="plain", inputs=["a", "b"]) == {"outputs": ["A", "B"]}


def test_a_signature_is_chosen_by_name_and_takes_all_its_inputs(client):
    row = {"text": "a", "temperature": 0.5, "seed": 4}
    (found,) = client.predict(signature_name="sample", instances=[row])["predictions"]
    assert found == {"text": "a2.000000", "score": 0.5}
    columns = {name: [value] for name, value in row.items()}
    found = client.predict(signature_name="sample", inputs=columns)["outputs"]
    assert found == {"text": ["a2.000000"], "score": [0.5]}


def test_tensors_of_more_axes_go_in_and_come_out(client):
    answer = client.predict(signature_name="detokenize", inputs=[[1, 2], [3, 4]])
    assert answer == {"outputs": ["1 2", "3 4"]}
    (row,) = client.predict(signature_name="detailed", instances=["hé"])["predictions"]
    assert row["pieces"] == ["h", "é"] and row["codes"] == [104, 233]
    assert row["length"] == row["long"] == 2 and row["empty"] is False


def test_bytes_are_base64_in_any_text_and_in_outputs_of_that_name(client):
    given = {"b64": base64.b64encode("hé".encode()).decode()}
    assert client.predict(signature_name="plain", instances=[given]) == {"predictions": ["HÉ"]}
    (row,) = client.predict(signature_name="detailed", instances=[given])["predictions"]
    assert row["raw_bytes"] == given


def test_all_of_unicode_survives(client):
    texts = ["", "a\x00b", "שלום", "😀 e\u0301", "\u2028", '"\\', "\x7f\x01"]
    found = client.predict(signature_name="detailed", inputs=texts)["outputs"]
    pieces = ["".join(row) for row in found["pieces"]]
    assert pieces == texts


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG)
def test_a_wrong_request_is_told_so_and_harms_nobody(client, body):
    status, reply = client.post(body)
    assert status == 400 and list(reply) == ["error"] and reply["error"]
    assert client.predict(signature_name="plain", instances=["a"]) == {"predictions": ["A"]}


def test_another_model_or_version_is_not_found(client):
    for path in ("/versions/7", "/versions/7/metadata"):
        assert client.get(path)[0] == 404, path
    assert client.post({"instances": ["a"]}, "/versions/7:predict")[0] == 404
    status, reply, _ = client.raw("/v1/models/other:predict", b'{"instances": ["a"]}')
    assert status == 404 and b"error" in reply


def test_the_version_may_be_named(client):
    assert client.post({"instances": ["a"]}, "/versions/1:predict")[0] == 200
    assert client.get("/versions/1")[1] == client.get()[1]


def test_the_status_tells_the_version_that_is_served(client):
    status, reply = client.get()
    fine = {"error_code": "OK", "error_message": ""}
    version = {"version": "1", "state": "AVAILABLE", "status": fine}
    assert status == 200 and reply == {"model_version_status": [version]}


def test_the_metadata_tells_the_signatures(client):
    status, reply = client.get("/metadata")
    assert status == 200
    assert reply["model_spec"] == {"name": "shouter", "signature_name": "", "version": "1"}
    signatures = reply["metadata"]["signature_def"]["signature_def"]
    assert {"serving_default", "plain", "detailed", "sample"} <= signatures.keys()
    port = signatures["serving_default"]["inputs"]["text"]
    assert port["dtype"] == "DT_STRING" and port["name"] == "serving_default_text:0"
    axes = {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False}
    assert port["tensor_shape"] == axes
    assert signatures["serving_default"]["method_name"] == "tensorflow/serving/predict"


def test_prometheus_finds_numbers(client):
    client.predict(instances=["a"])
    status, body, headers = client.raw("/monitoring/prometheus/metrics")
    assert status == 200 and headers["content-type"].startswith("text/plain")
    assert b"# TYPE" in body
