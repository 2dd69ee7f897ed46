"""Ten thousand requests that were not meant well: none may break the server or make it hang."""

import collections
import json
import os
import random
import time

import pytest
import requests
import tensorflow as tf
from hypothesis import HealthCheck, Phase, given, settings

from seq2seq.serving.running import served
from seq2seq.serving.settings import Settings

# Answers that the server gives on purpose.
MEANT = {200, 400, 404, 405, 413, 501, 503, 504}
EXAMPLES = int(os.environ.get("FUZZ_REQUESTS", 10_000))
LONGEST = 20.0  # seconds for one answer, of a deadline of 10
TEXT = tf.TensorSpec([None], tf.string, name="text")
GOOD = [
    {"instances": ["a dog", "the cat"]},
    {"instances": [{"text": "a"}, {"text": {"b64": "Yg=="}}]},
    {"inputs": {"text": ["a", "b"]}},
    {"signature_name": "numbers", "inputs": {"ids": [[1, 2], [3, 4]], "scale": [0.5, 2.0]}},
    {"signature_name": "numbers", "instances": [{"ids": [1, 2], "scale": 1e30}]},
]


class Small(tf.Module):
    """Has inputs of several types and shapes, and refuses some."""

    @tf.function(input_signature=[TEXT])
    def serving_default(self, text):
        return {"text": tf.strings.upper(text), "length": tf.strings.length(text)}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None], tf.int32, name="ids"),
            tf.TensorSpec([None], tf.float32, name="scale"),
        ]
    )
    def numbers(self, ids, scale):
        picked = tf.gather(tf.constant([1.0, 2.0, 3.0]), ids)
        return {"sum": tf.reduce_sum(picked, 1) * scale}


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved_models") / "small"
    model = Small()
    signatures = {"serving_default": model.serving_default, "numbers": model.numbers}
    tf.saved_model.save(model, str(folder / "1"), signatures)
    with served(folder, Settings(port=0, deadline=10, max_body=10**5)) as url:
        yield url


@pytest.fixture(scope="module")
def session():
    with requests.Session() as session:
        yield session


def damaged(numbers):
    """Breaks a good body: bytes changed, cut, repeated, nested; values of other types."""
    body = json.dumps(numbers.choice(GOOD)).encode()
    way = numbers.randrange(6)
    place = numbers.randrange(len(body))
    if way == 0:
        return body[:place] + bytes([numbers.randrange(256)]) + body[place + 1 :]
    if way == 1:
        return body[:place]
    if way == 2:
        return body[:place] + body[: numbers.randrange(len(body))] + body[place:]
    if way == 3:
        odd = numbers.choice(
            ["null", "1e400", "-0", "[]", "{}", '"\\ud800"', "NaN", "[[[1]]]", "9" * 40]
        )
        return body.replace(b'"a"', odd.encode()).replace(b"0.5", odd.encode())
    if way == 4:
        return b"[" * numbers.randrange(2000) + body
    return bytes(numbers.randrange(256) for _ in range(numbers.randrange(200)))


@pytest.mark.slow
def test_damaged_bodies_are_answered_on_purpose(url, session):
    numbers, counts = random.Random(6), collections.Counter()
    for _ in range(EXAMPLES // 2):
        body = damaged(numbers)
        action = numbers.choice(
            [":predict", ":predict", ":predict", "/versions/1:predict", ":stream"]
        )
        began = time.monotonic()
        reply = session.post(f"{url}/v1/models/small{action}", data=body, timeout=LONGEST)
        assert time.monotonic() - began < LONGEST
        assert reply.status_code in MEANT and reply.json(), (body, reply.status_code, reply.text)
        counts[reply.status_code] += 1
    print(dict(counts))
    assert counts[200] and counts[400]


@pytest.mark.slow
def test_what_the_document_tells_is_so_for_any_request(url):
    schemathesis = pytest.importorskip("schemathesis")
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    operations = [each.ok() for each in schema.get_all_operations()]
    counts: collections.Counter = collections.Counter()

    def hold(operation, mode, examples):
        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=examples,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def ask(case):
            reply = case.call(timeout=LONGEST)
            counts[reply.status_code] += 1
            assert reply.status_code in MEANT, (case, reply.text)
            assert str(reply.status_code) in operation.definition.raw["responses"] or (
                reply.status_code == 405
            )

        ask()

    modes = list(schemathesis.GenerationMode)
    posts = [each for each in operations if each.method == "post"]
    for operation in operations:
        takes_nothing = operation not in posts and "{" not in operation.path
        for mode in modes[:1] if takes_nothing else modes:
            share = EXAMPLES // 2 // len(modes) // len(posts) if operation in posts else 20
            hold(operation, mode, share)
    print(dict(counts))
    assert counts[200] and counts[400]
