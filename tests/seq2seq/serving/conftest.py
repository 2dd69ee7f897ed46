"""Serves a small model: by our own server, and by TensorFlow Serving where it is installed."""

import contextlib
import shutil
import socket
import threading

import pytest
from rest_client import Client
from small_model import write_model

from seq2seq.serving.model_server import PROGRAM, ModelServer
from seq2seq.serving.running import served
from seq2seq.serving.settings import Settings


@pytest.fixture(scope="session")
def small_model(tmp_path_factory):
    """Writes the model once -> the folder that holds version 1."""
    folder = tmp_path_factory.mktemp("saved_models") / "shouter"
    folder.mkdir()
    write_model(folder / "1")
    return folder


@pytest.fixture
def copied(small_model, tmp_path):
    """Copies the model, for tests that change its versions."""
    folder = tmp_path / "shouter"
    shutil.copytree(small_model, folder)
    return folder


@contextlib.contextmanager
def tensorflow_serving(folder, tmp_path):
    """Runs the stock server while the context lasts -> its URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = ModelServer(folder, Settings(port=port), grpc_port=0)
    with server.running(shutil.which(PROGRAM), tmp_path):
        yield server.url


@pytest.fixture(scope="session", params=["own", PROGRAM])
def client(request, small_model, tmp_path_factory):
    """Asks each server in turn."""
    if request.param == "own":
        with served(small_model) as url:
            yield Client(url)
    elif shutil.which(PROGRAM) is None:
        pytest.skip(f"{PROGRAM} is not installed")
    else:
        with tensorflow_serving(small_model, tmp_path_factory.mktemp("files")) as url:
            yield Client(url)


@pytest.fixture(scope="session")
def own(small_model):
    """Asks our own server."""
    with served(small_model) as url:
        yield Client(url)


@pytest.fixture
def at_once():
    """Calls functions at the same time -> what they return, in order."""

    def call(*functions):
        found = [None] * len(functions)

        def keep(place):
            found[place] = functions[place]()

        threads = [threading.Thread(target=keep, args=[place]) for place in range(len(functions))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return found

    return call
