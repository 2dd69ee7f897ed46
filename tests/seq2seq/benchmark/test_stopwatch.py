import time

import pytest
import tensorflow as tf
from keras import ops

from seq2seq.benchmark.stopwatch import Stopwatch
from seq2seq.benchmark.timed import Timed


class Doubler:
    """Doubles what it is given, by itself or in a loop."""

    factor = 2

    def __call__(self, number):
        return self.double({"is": number})["is"]

    def double(self, nested):
        return {"is": self.factor * nested["is"]}

    def often(self, number, times):
        return ops.fori_loop(0, times, lambda _, now: self.outer(now), number)


@pytest.fixture
def watch():
    return Stopwatch(["double", "all"])


@pytest.fixture
def timed(watch):
    doubler = Timed(Doubler(), {"__call__": "double", "double": "double"}, watch)
    doubler._inner.outer = doubler
    return doubler


def test_what_is_timed_says_what_it_says_otherwise(timed):
    assert int(timed(tf.constant(4))) == 8
    assert int(timed.double({"is": tf.constant(3)})["is"]) == 6
    assert timed.double({"is": 1.5}) == {"is": 3.0}
    assert timed.factor == 2


def test_calls_are_counted_in_the_loops_of_a_graph_too(watch, timed):
    graph = tf.function(lambda number, times: watch.timed("all", timed.often, number, times))
    assert int(graph(tf.constant(1), tf.constant(5))) == 32
    assert watch.calls() == {"double": 5, "all": 1}
    graph(tf.constant(1), tf.constant(2))
    assert watch.calls() == {"double": 7, "all": 2}
    seconds = watch.seconds()
    assert 0 < seconds["double"] < seconds["all"]
    watch.start()
    assert watch.calls() == {"double": 0, "all": 0}
    assert watch.seconds() == {"double": 0.0, "all": 0.0}


def test_a_part_begins_after_the_one_before_it_though_it_takes_nothing_from_it(watch):
    @tf.function
    def graph(number):
        late = tf.py_function(lambda each: time.sleep(0.3) or each, [number], tf.int32)
        first = watch.timed("double", tf.identity, late)
        return first + watch.timed("all", tf.negative, number)

    assert int(graph(tf.constant(3))) == 0
    assert watch.seconds()["all"] < 0.3


def test_ragged_tensors_go_through(watch):
    ragged = tf.ragged.constant([[1, 2], [3]])
    assert watch.timed("all", lambda each: each[:, :1], ragged).to_list() == [[1], [3]]


def test_a_part_waits_for_what_it_makes_and_not_for_what_it_is_given(watch):
    def late(number):
        return tf.py_function(lambda each: time.sleep(0.3) or each, [number], tf.int32)

    graph = tf.function(lambda number: watch.timed("all", lambda each: each + 1, late(number)))
    assert int(graph(tf.constant(1))) == 2
    assert watch.seconds()["all"] < 0.3
    graph = tf.function(lambda number: watch.timed("double", late, number))
    graph(tf.constant(1))
    assert watch.seconds()["double"] >= 0.3
