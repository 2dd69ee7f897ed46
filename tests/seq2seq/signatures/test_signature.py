import numpy as np
import pytest
import tensorflow as tf

from seq2seq.signatures.signature import Signature, within


class Joined(Signature):
    """Joins two texts, and counts the rows that it is asked about at once."""

    inputs = {"left": (tf.string, "B"), "right": (tf.string, "B")}
    outputs = {"text": "B", "rows": "B"}

    def answer(self, left, right):
        rows = tf.shape(left)[0]
        return {"text": left + right, "rows": tf.fill([rows], rows)}


class Numbers(Signature):
    """Gives back the ids of each row."""

    inputs = {"ids": (tf.int32, "BT")}
    outputs = {"same": "BT"}

    def answer(self, ids):
        return {"same": ids}


@pytest.fixture(scope="module")
def joined():
    return Joined(None).graph()


def test_tensors_have_the_names_of_the_signature(joined):
    assert [spec.name for spec in joined.inputs[:2]] == ["left:0", "right:0"]
    assert {*joined.structured_outputs} == {"text", "rows"}
    found = joined(left=tf.constant(["a", "b"]), right=tf.constant(["c", "d"]))
    assert found["text"].numpy().tolist() == [b"ac", b"bd"]


def test_an_answer_is_never_asked_about_no_rows(joined):
    none = tf.constant([], tf.string)
    assert joined(left=none, right=none)["rows"].shape == [0]
    assert joined(left=tf.constant(["a"]), right=tf.constant(["b"]))["rows"].numpy() == [1]
    assert Numbers(None).graph()(ids=tf.zeros([0, 0], tf.int32))["same"].shape == [0, 0]


def test_inputs_of_different_numbers_of_rows_are_told(joined):
    with pytest.raises(tf.errors.InvalidArgumentError, match="rows of left, right must be as many"):
        joined(left=tf.constant(["a"]), right=tf.constant(["b", "c"]))


def test_what_lies_beyond_a_length_is_cleared():
    numbers = tf.constant([[1.0, 2.0], [3.0, np.nan]])
    assert within(tf.constant([2, 1]), numbers).numpy().tolist() == [[1, 2], [3, 0]]
    assert within(tf.constant([0, -1]), numbers).numpy().tolist() == [[0, 0], [0, 0]]
    texts = tf.constant([["a", "b"]])
    assert within(tf.constant([9]), texts).numpy().tolist() == [[b"a", b"b"]]
    deep = within(tf.constant([1]), tf.ones([1, 2, 2]))
    assert deep.numpy().tolist() == [[[1, 1], [0, 0]]]
