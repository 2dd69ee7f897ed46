"""`seq2seq serve` as a program: how it begins and how it ends."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from rest_client import Client

from seq2seq import cli
from seq2seq.serving import model_version
from seq2seq.serving.application import application
from seq2seq.serving.server import Server, bound, url_of
from seq2seq.serving.settings import Settings

ROOT = Path(__file__).parents[3]


def test_it_prints_how_to_ask_it_and_ends_with_a_signal(small_model):
    command = [sys.executable, "-m", "seq2seq", "serve", str(small_model), "--own", "--port", "0"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        words = shlex.split(process.stdout.readline())
        assert words[:2] == ["curl", "-d"]
        found = re.fullmatch(r"(http://127\.0\.0\.1:\d+)(/v1/models/shouter):predict", words[3])
        client = Client(found[1])
        status, reply = client.post(words[2].encode())
        assert status == 200 and reply["predictions"][0]["text"].isupper()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        assert "version 1 of shouter is served" in process.stderr.read()


@pytest.fixture
def running(small_model, monkeypatch):
    """Runs a server whose model answers when it is let -> (server, thread, client, let)."""
    array, let, inside = model_version._array, threading.Event(), threading.Event()

    def waiting(output):
        inside.set()
        assert let.wait(10)
        return array(output)

    with bound(Settings(port=0)) as place:
        listening = threading.Event()
        traffic = application(small_model, Settings(port=0))
        monkeypatch.setattr(model_version, "_array", waiting)
        server = Server(traffic, place, grace=5.0, tell=lambda url: listening.set())
        thread = threading.Thread(target=server.run)
        thread.start()
        assert listening.wait(10)
        yield server, thread, Client(url_of(place)), let, inside
        let.set()
        server.handle_exit(signal.SIGTERM, None)
        thread.join()


def test_it_ends_when_those_inside_are_answered_and_lets_no_more_in(running):
    server, thread, client, let, inside = running
    replies = []
    asking = threading.Thread(target=lambda: replies.append(client.post({"instances": ["a"]})))
    asking.start()
    assert inside.wait(10)
    server.handle_exit(signal.SIGTERM, None)
    status, body, headers = client.raw(f"{client.model}:predict", b'{"instances": ["b"]}')
    assert status == 503 and b"shutting down" in body and headers["connection"] == "close"
    assert client.get()[0] == 503, "who asks whether it is ready learns that it is not"
    assert client.raw("/monitoring/prometheus/metrics")[0] == 200
    assert thread.is_alive() and not replies
    let.set()
    asking.join()
    thread.join(10)
    assert not thread.is_alive() and replies[0][0] == 200


def test_a_second_signal_ends_it_at_once(running):
    server, thread, client, let, inside = running
    replies = []

    def ask():
        try:
            replies.append(client.raw(f"{client.model}:predict", b'{"inputs": ["a"]}')[0])
        except OSError:
            replies.append("broken")

    asking = threading.Thread(target=ask)
    asking.start()
    assert inside.wait(10)
    server.handle_exit(signal.SIGTERM, None)
    server.handle_exit(signal.SIGTERM, None)
    thread.join(5)
    ended = not thread.is_alive()
    let.set()
    asking.join()
    assert ended and replies[0] in (500, "broken")


def test_a_taken_port_is_said_before_anything_is_loaded(small_model, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as ended:
            cli.main(["serve", str(small_model), "--own", "--port", str(port)])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and f"cannot listen on 127.0.0.1:{port}" in said
    assert "is served" not in said


def test_without_what_it_needs_it_says_what_to_install(small_model, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "seq2seq.serving.server")
    with pytest.raises(SystemExit) as ended:
        cli.main(["serve", str(small_model), "--own"])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and "keras-seq2seq[serving]" in said and "--docker" in said
