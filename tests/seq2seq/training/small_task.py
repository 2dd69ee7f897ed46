"""A small task for trainers: batches of unequal rows, models that learn from them."""

import random

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipelines.special_tokens import END, START
from seq2seq.models.lstm import LSTM
from seq2seq.models.transformer import Transformer

VOCABULARY = 20
SMALL = {
    "transformer": {"encoder_layers": 1, "decoder_layers": 1, "units": 8, "hidden": 16, "heads": 2},
    "lstm": {"embedding": 6, "units": 8, "decoder_layers": 2},
}
KINDS = {"transformer": Transformer, "lstm": LSTM}


def make_model(kind="transformer", **options):
    """Makes a small model with tied embeddings; the same one each time."""
    random.seed(3)
    given = SMALL[kind] | {"tied": "all", "dropout": 0.0} | options
    return KINDS[kind](source_vocabulary=VOCABULARY, target_vocabulary=VOCABULARY, **given)


class Tiny(keras.Model):
    """Says each token from the one before alone: for tests of all but the model, since it is
    traced in no time."""

    def __init__(self):
        super().__init__()
        random.seed(3)
        self.read = keras.layers.Embedding(VOCABULARY, 8, name="embedding")
        self.say = keras.layers.Dense(VOCABULARY)
        self.read.build(None)
        self.say.build([None, None, 8])
        self.built = True

    def call(self, inputs, training=False):
        return self.say(self.read(inputs["target"]))


def make_batch(draw, rows=8):
    """Makes a batch whose rows have from 1 to 9 target tokens, the last rows none at all."""
    source, target = (draw.integers(4, VOCABULARY, [rows, 9]) for _ in range(2))
    lengths = np.sort(draw.integers(1, 9, rows))
    lengths[-rows // 4 :] = 0
    places = np.arange(9)
    labels = np.where(places < lengths[:, None], target, 0)
    labels[np.arange(rows), lengths - 1] = np.where(lengths > 0, END, 0)
    read = np.concatenate([np.full([rows, 1], START), labels[:, :-1]], axis=1)
    read = np.where(labels != 0, read, 0)
    source = np.where(places <= lengths[::-1, None], source, 0)
    source[lengths == 0] = 0
    inputs = {"source": source.astype("int32"), "target": read.astype("int32")}
    tensors = inputs, labels.astype("int32"), (labels != 0).astype("float32")
    return tf.nest.map_structure(tf.constant, tensors)


def make_batches(count=20, first=0):
    """Makes positioned batches: the batch of a position is always the same."""
    for number in range(first, first + count):
        place = tf.constant([0, number], tf.int64)
        yield place, *make_batch(np.random.default_rng(number))


@pytest.fixture
def batches():
    return list(make_batches())
