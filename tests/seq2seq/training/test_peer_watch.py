import os
import threading
import time

import pytest
import tensorflow as tf

from seq2seq.training.peer_watch import FAILED, PeerWatch


class Cluster:
    """Three workers, of which this is the first; `alive` answer."""

    others = [1, 2]

    def __init__(self):
        self.alive = {1, 2}

    def answers(self, number):
        return number in self.alive

    def name(self, *numbers):
        return ", ".join(f"worker {number}" for number in numbers)


@pytest.fixture
def cluster():
    return Cluster()


@pytest.fixture
def ended(monkeypatch):
    """Is set when the process would have ended."""
    event = threading.Event()

    def end(status):
        assert status == FAILED
        event.set()
        time.sleep(3600)  # what comes after would never have been

    monkeypatch.setattr(os, "_exit", end)
    return event


def watching(cluster, every=0.02, patience=0.2):
    return PeerWatch(cluster, every, patience).watching()


def test_nothing_happens_while_all_answer(cluster, ended):
    with watching(cluster):
        assert not ended.wait(0.5)


def test_a_worker_that_is_silent_for_long_ends_the_process(cluster, ended, capsys):
    with watching(cluster):
        cluster.alive = {1}
        assert ended.wait(10)
    assert "worker 2 last answered" in (told := capsys.readouterr().err)
    assert "start all workers again with the same command" in told


def test_a_short_silence_is_forgiven(cluster, ended):
    with watching(cluster, patience=30.0):
        cluster.alive = {1}
        time.sleep(0.2)
        cluster.alive = {1, 2}
        assert not ended.wait(0.3)


def test_who_ends_after_the_block_is_not_missed(cluster, ended):
    with watching(cluster):
        pass
    cluster.alive = set()
    assert not ended.wait(0.5)


def test_an_operation_that_fails_for_want_of_a_worker_names_it(cluster):
    with pytest.raises(ConnectionError, match="worker 2 last answered .* last checkpoint"):
        with watching(cluster, every=60.0, patience=5.0):
            cluster.alive = {1}
            raise tf.errors.UnavailableError(None, None, "Connection reset by peer")


def test_a_worker_that_stands_still_is_named(cluster):
    told = "The following tasks are unhealthy (stopped sending heartbeats): /job:worker/task:1 The"
    with pytest.raises(ConnectionError, match="^/job:worker/task:1 stands still"):
        with watching(cluster, every=60.0):
            raise tf.errors.UnavailableError(None, None, told)


@pytest.mark.parametrize(
    "error",
    [
        tf.errors.UnavailableError(None, None, "something else"),
        tf.errors.ResourceExhaustedError(None, None, "no memory"),
        ValueError("no worker"),
    ],
)
def test_what_fails_while_all_answer_stays_what_it_is(cluster, error):
    with pytest.raises(type(error)) as raised, watching(cluster):
        raise error
    assert raised.value is error
