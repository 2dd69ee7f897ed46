"""What twice the length of a target costs: caches should cost what was said, not what may be.

Models of random weights, and the run that DECODED_RUN names, are made to say 64, 128 and 256 ids,
alone and in batches. Hypotheses of random weights share little of what they say, and 258 ids cost
next to nothing beside what attention reads: a trained model is what users have.
"""

import os
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
from seq2seq.run import Run

pytestmark = pytest.mark.slow
LENGTHS, TURNS, MOST = [64, 128, 256], 5, 2.2
TEXT = "A man in a blue shirt is standing on a ladder cleaning a window."


def random_weights(make, **shape):
    tokenizers = Bytes(), Bytes()
    return tokenizers, make(*(each.size for each in tokenizers), units=256, **shape)


def trained():
    if "DECODED_RUN" not in os.environ:
        pytest.skip("DECODED_RUN names no run")
    generator = Run(os.environ["DECODED_RUN"]).generator()
    return (generator.source_tokenizer, generator.target_tokenizer), generator.model


MODELS = {
    "trained": trained,
    "transformer": lambda: random_weights(Transformer, encoder_layers=3, decoder_layers=3, heads=4),
    "lstm": lambda: random_weights(LSTM, encoder_layers=1, decoder_layers=1),
}
SEARCHES = {"greedy": GreedySearch, "beam 5": lambda **options: BeamSearch(5, **options)}


@pytest.mark.parametrize("rows", [1, 32])
@pytest.mark.parametrize("searched", SEARCHES)
@pytest.mark.parametrize("kind", MODELS)
def test_twice_the_length_costs_little_more_than_twice(kind, searched, rows):
    tokenizers, model = MODELS[kind]()
    texts = tf.constant([TEXT] * rows)
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
