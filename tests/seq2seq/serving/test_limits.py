"""What our own server bears: sizes, deadlines, clients that go, requests that fail."""

import contextlib
import http.client
import json
import socket
import time
from urllib.parse import urlsplit

import pytest
from rest_client import Client

from seq2seq.serving import model_version
from seq2seq.serving.running import served
from seq2seq.serving.settings import Settings


@pytest.fixture(scope="module")
def strict(small_model):
    """Asks a server of narrow limits."""
    settings = Settings(
        port=0, deadline=0.5, max_body=1000, max_line=10, batching={"max_batch_size": "2"}
    )
    with served(small_model, settings) as url:
        yield Client(url)


@pytest.fixture
def slow(monkeypatch):
    """Makes each run of a model take so many seconds, once it is loaded."""
    seconds = [0.0]
    array = model_version._array

    def slowly(output):
        time.sleep(seconds[0])
        return array(output)

    monkeypatch.setattr(model_version, "_array", slowly)
    return lambda value: seconds.__setitem__(0, value)


def test_a_body_that_is_too_large_gets_413_however_it_is_sent(strict):
    status, reply = strict.post(b" " * 1001)
    assert status == 413 and "larger than 1000 bytes" in reply["error"]
    assert strict.post(b" " * 5000)[0] == 413
    host = urlsplit(strict.url).netloc
    with contextlib.closing(http.client.HTTPConnection(host, timeout=10)) as connection:
        parts = (b" " * 100 for _ in range(20))  # nothing tells the size before
        connection.request("POST", f"{strict.model}:predict", parts, encode_chunked=True)
        assert connection.getresponse().status == 413
    assert strict.predict(instances=["a"])["predictions"]


def test_a_text_that_is_too_long_gets_400(strict):
    assert strict.predict(instances=["a" * 10])["predictions"]
    status, reply = strict.post({"instances": ["a", "é" * 6]})
    assert status == 400 and "a text of 12 bytes; at most 10" in reply["error"]


def test_a_body_that_does_not_come_is_not_waited_for(strict):
    address = urlsplit(strict.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        head = f"POST {strict.model}:predict HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n"
        connection.sendall(head.encode() + b'{"inst')
        assert connection.recv(1000).startswith(b"HTTP/1.1 504 ")


@pytest.mark.parametrize("length, status", [("-1", 400), ("many", 400), ("9" * 18, 413)])
def test_a_length_that_cannot_be_is_refused_at_once(strict, length, status):
    address = urlsplit(strict.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        head = f"POST {strict.model}:predict HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n"
        connection.sendall(head.encode() + b"connection: close\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 %d " % status)


def test_a_version_that_is_no_number_is_refused(own):
    for number in ("x", "1" * 5000, "-1", "1.0", "1%00", "%D9%A3"):
        assert own.get(f"/versions/{number}")[0] == 400, number


def test_an_output_without_rows_comes_in_columns(own):
    assert own.predict(signature_name="count", inputs=["a", "b"]) == {"outputs": 2}


def test_a_path_that_is_not_there_is_404_and_a_method_405(own):
    for path in ("/x", "/v1/models/shouter:classify", "/v1", "/v1/models/", "/page/../rest.py"):
        status, body, _ = own.raw(path)
        assert status == 404 and "error" in json.loads(body), path
    status, body, headers = own.raw("/v1/models/shouter:predict")
    assert status == 405 and headers["allow"] == "POST" and "error" in json.loads(body)
    assert own.raw("/v1/models/shouter", method="DELETE")[0] == 405


def test_the_deadline_ends_what_takes_too_long(small_model, slow, at_once):
    with served(small_model, Settings(port=0, deadline=0.2)) as url:
        client = Client(url)
        slow(0.6)
        began = time.perf_counter()
        ask = lambda: client.post({"instances": ["a"]})
        replies = at_once(ask, ask, ask)
        assert [status for status, _ in replies] == [504] * 3
        assert "within 0.2 s" in replies[0][1]["error"]
        assert time.perf_counter() - began < 0.6, "the answer was waited for"
        slow(0)
        time.sleep(0.7)
        assert client.predict(instances=["a"])["predictions"]


def test_a_client_that_goes_is_forgotten(small_model, slow):
    with served(small_model, Settings(port=0, batching={"num_batch_threads": "1"})) as url:
        client, address = Client(url), urlsplit(url)
        slow(0.3)
        body = b'{"instances": ["a", "b"]}'
        head = f"POST {client.model}:predict HTTP/1.1\r\nhost: a\r\n".encode()
        for _ in range(5):
            with socket.create_connection((address.hostname, address.port)) as connection:
                connection.sendall(head + f"content-length: {len(body)}\r\n\r\n".encode() + body)
                time.sleep(0.02)
        time.sleep(0.1)
        assert b"seq2seq_queue_rows 0.0" in client.raw("/monitoring/prometheus/metrics")[1]
        slow(0)
        assert client.predict(instances=["a"])["predictions"]


def test_numbers_are_counted(small_model):
    with served(small_model) as url:
        client = Client(url)
        client.predict(instances=["a", "b"])
        client.post(b"")
        told = client.raw("/monitoring/prometheus/metrics")[1].decode()
    counted = 'seq2seq_requests_total{code="%s",method="predict",model="shouter"} 1.0'
    assert counted % 200 in told and counted % 400 in told
    assert 'seq2seq_request_seconds_count{method="predict",model="shouter"} 2.0' in told
    assert "seq2seq_batch_rows_sum 2.0" in told and "seq2seq_batch_seconds_count 1.0" in told
    assert "seq2seq_queue_rows 0.0" in told and "seq2seq_model_version 1.0" in told


def test_what_nobody_expected_is_500_without_its_details(small_model, monkeypatch, caplog):
    with served(small_model) as url:

        def broken(output):
            raise RuntimeError("a secret")

        monkeypatch.setattr(model_version, "_array", broken)
        status, reply = Client(url).post({"instances": ["a"]})
        assert status == 500 and reply == {"error": "internal error: RuntimeError"}
        assert "a secret" in caplog.text
