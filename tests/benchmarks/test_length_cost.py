"""What twice the length of a target costs: caches should cost what was said, not what may be.

Models of random weights, which are made to say 64, 128 and 256 ids, alone and in batches.
"""

import statistics
import time

import numpy as np
import pytest
import tensorflow as tf

from pipelines.tokenizers.bytes import Bytes
from seq2seq.decoding.beam_search import BeamSearch
from seq2seq.decoding.constraints.minimum_length import MinimumLength
from seq2seq.decoding.greedy_search import GreedySearch
from seq2seq.generator import Generator
from seq2seq.models.lstm import LSTM
from seq2seq.models.transformer import Transformer

pytestmark = pytest.mark.slow
LENGTHS, TURNS, MOST = [64, 128, 256], 5, 2.2
MODELS = {
    "transformer": (Transformer, {"encoder_layers": 3, "decoder_layers": 3, "heads": 4}),
    "lstm": (LSTM, {"encoder_layers": 1, "decoder_layers": 1}),
}
SEARCHES = {"greedy": GreedySearch, "beam 5": lambda **options: BeamSearch(5, **options)}


@pytest.mark.parametrize("rows", [1, 32])
@pytest.mark.parametrize("searched", SEARCHES)
@pytest.mark.parametrize("kind", MODELS)
def test_twice_the_length_costs_little_more_than_twice(kind, searched, rows):
    tokenizers, (make, shape) = (Bytes(), Bytes()), MODELS[kind]
    model = make(*(each.size for each in tokenizers), units=256, **shape)
    texts = tf.constant(["a text of some thirty characters"] * rows)
    ways = {}
    for length in LENGTHS:
        search = SEARCHES[searched](constraints=(MinimumLength(ids=length),))
        generator = Generator(tokenizers, model, search, ratio=100.0, max_target=length)
        ids = generator.found(texts)["ids"].numpy()
        assert (np.count_nonzero(ids[:, 0], axis=-1) == length).all()
        ways[length] = generator.found
    turns = []
    for _ in range(TURNS):
        took = {}
        for length, found in ways.items():
            began = time.perf_counter()
            found(texts)["score"].numpy()
            took[length] = time.perf_counter() - began
        turns.append(took)
    for short, long in zip(LENGTHS, LENGTHS[1:]):
        cost = statistics.median(turn[long] / turn[short] for turn in turns)
        print(f"\n{kind}, {searched}, {rows} rows: {long} ids cost {cost:.2f} times {short}")
        assert cost <= MOST
