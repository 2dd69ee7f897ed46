"""Requests that a server makes of a model before it says that it is ready.

TensorFlow Serving reads assets.extra/tf_serving_warmup_requests, a TFRecord file of PredictionLog
messages. They are written here by their field numbers (prediction_log.proto, predict.proto and
model.proto of tensorflow_serving/apis; tensor.proto and tensor_shape.proto of TensorFlow), so
that nothing else needs to be installed.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from seq2seq.wire import entries, fields, message

FILE = "assets.extra/tf_serving_warmup_requests"
MOST = 1000  # records that the server takes
STRING = 7  # of types.proto
TYPES = {"float32": 1, "int32": 3, "int64": 9}
Request = tuple[str, dict[str, np.ndarray]]  # a signature and its inputs


def write_requests(folder: Path, requests: list[Request]) -> None:
    """Writes requests into a version's folder.

    Raises:
        ValueError: there are more than the server takes.
    """
    if len(requests) > MOST:
        raise ValueError(f"{len(requests)} warm-up requests, of which a server takes {MOST}")
    import tensorflow as tf  # writes the checksums

    path = folder / FILE
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests:
            writer.write(prediction_log(signature, inputs))


def read_requests(folder: Path) -> list[Request]:
    """Reads what `write_requests` wrote.

    Raises:
        ValueError: the file is missing or is cut.
    """
    path = folder / FILE
    try:
        return [_request(record) for record in _records(path.read_bytes())]
    except (OSError, LookupError, struct.error) as error:
        raise ValueError(f"{path} cannot be read ({error}): export the model again") from None


def prediction_log(signature: str, inputs: dict[str, np.ndarray]) -> bytes:
    """Writes PredictionLog{predict_log{request{model_spec{signature_name}, inputs}}}."""
    named = [(2, message((1, name), (2, _tensor(inputs[name])))) for name in inputs]
    request = message((1, message((3, signature))), *named)
    return message((6, message((1, request))))


def _tensor(array: np.ndarray) -> bytes:
    """Writes a TensorProto."""
    shape = message(*[(2, message((1, size))) for size in array.shape])
    if array.dtype == object:
        return message((1, STRING), (2, shape), *[(8, text) for text in array.ravel().tolist()])
    return message((1, TYPES[array.dtype.name]), (2, shape), (4, array.tobytes()))


def _records(file: bytes) -> Iterator[bytes]:
    """Cuts a TFRecord file: of each, its length, a checksum, the record, a checksum."""
    place = 0
    while place < len(file):
        (length,) = struct.unpack_from("<Q", file, place)
        record = file[place + 12 : place + 12 + length]
        if len(record) < length:
            raise LookupError("the last record is cut")
        yield record
        place += 12 + length + 4


def _request(record: bytes) -> Request:
    request = dict(fields(dict(fields(dict(fields(record))[6]))[1]))
    inputs = entries(dict(fields(dict(fields(record))[6]))[1], 2)
    signature = dict(fields(request[1]))[3].decode()
    return signature, {name: _array(tensor) for name, tensor in inputs.items()}


def _array(tensor: bytes) -> np.ndarray:
    """Reads a TensorProto as `_tensor` wrote it."""
    told = dict(fields(tensor))
    shape = [dict(fields(size)).get(1, 0) for _, size in fields(told.get(2, b""))]
    if told[1] == STRING:
        texts = [text for number, text in fields(tensor) if number == 8]
        array = np.empty(len(texts), object)
        array[:] = texts
        return array.reshape(shape)
    kind: str = next(kind for kind, number in TYPES.items() if number == told[1])
    return np.frombuffer(told.get(4, b""), kind).reshape(shape)
