"""Texts that our own server tells while they are found."""

import http.client
import json
import threading
import time
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from rest_client import Client

from seq2seq.serving import model_version
from seq2seq.serving.running import served
from seq2seq.serving.settings import Settings


def told(client, text):
    status, body, headers = client.raw(
        f"{client.model}:stream", json.dumps({"text": text}).encode()
    )
    assert status == 200 and headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in body.splitlines()]


@pytest.fixture
def gate(monkeypatch):
    """Lets a stream tell a part each time it is released."""
    gate = threading.Semaphore(0)
    stream = model_version.ModelVersion.stream

    def waiting(version, text):
        for part in stream(version, text):
            assert gate.acquire(timeout=10)
            yield part

    monkeypatch.setattr(model_version.ModelVersion, "stream", waiting)
    return gate


@pytest.fixture
def opened(small_model):
    """Begins a stream -> its reply, which is read line by line."""
    connections = []

    def begin(url):
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        connections.append(connection)
        connection.request("POST", "/v1/models/shouter:stream", b'{"text": "abc"}')
        return connection.getresponse()

    yield begin
    for connection in connections:
        connection.close()


def test_the_parts_joined_are_the_text(own):
    assert told(own, "hé 😀") == [{"part": each} for each in "hé 😀"] + [{"done": True}]
    assert told(own, "silence") == [{"done": True}]


def test_the_version_may_be_named(own):
    assert own.raw(f"{own.model}/versions/1:stream", b'{"text": "a"}')[0] == 200
    assert own.raw(f"{own.model}/versions/2:stream", b'{"text": "a"}')[0] == 404


def test_a_part_is_sent_before_the_next_one_is_found(small_model, gate, opened):
    with served(small_model) as url:
        reply = opened(url)
        for part in "abc":
            gate.release()
            assert json.loads(reply.readline()) == {"part": part}
        assert json.loads(reply.readline()) == {"done": True}


def test_a_failure_on_the_way_is_the_last_line(own):
    *parts, last = told(own, "x" * 30)
    assert parts == [{"part": "x"}] * 20 and "too much to tell" in last["error"]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"text": 3}', b"{}", b'{"text": "a", "b": 1}'])
def test_what_is_no_text_is_refused(own, body):
    status, reply = own.post(body, ":stream")
    assert status == 400 and reply["error"]


def test_too_many_at_once_are_refused_and_who_goes_makes_room(small_model, gate, opened):
    with served(small_model, Settings(port=0, streams=2)) as url:
        client = Client(url)
        first, second = opened(url), opened(url)
        assert first.status == second.status == 200
        status, reply = client.post({"text": "a"}, ":stream")
        assert status == 503 and "2 texts are being told" in reply["error"]
        assert client.predict(instances=["a"])["predictions"], "predictions do not wait for them"
        first.close()
        gate.release(20)
        second.read()
        until = time.monotonic() + 10
        while client.raw(f"{client.model}:stream", b'{"text": "a"}')[0] != 200:
            assert time.monotonic() < until
            time.sleep(0.02)


def test_the_deadline_ends_a_text(small_model, gate):
    with served(small_model, Settings(port=0, deadline=0.2)) as url:
        with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)) as connection:
            connection.request("POST", "/v1/models/shouter:stream", b'{"text": "abc"}')
            reply = connection.getresponse()
            time.sleep(0.3)
            gate.release(3)
            lines = [json.loads(line) for line in reply]
    assert lines == [{"part": "a"}, {"error": "not ended within 0.2 s"}]


def test_a_text_was_told_before_a_version_is_served(small_model, monkeypatch):
    asked = []
    stream = model_version.ModelVersion.stream
    recording = lambda version, text: asked.append(text) or stream(version, text)
    monkeypatch.setattr(model_version.ModelVersion, "stream", recording)
    with served(small_model):
        assert asked and set(asked) == {""}
