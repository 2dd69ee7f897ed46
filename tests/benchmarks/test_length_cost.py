"""What twice the length of a target costs: caches should cost what was said, not what may be.

Models of random weights, and the run that DECODED_RUN names, are made to say 64, 128 and 256 ids,
alone and in batches. Hypotheses of random weights share little of what they say, and 258 ids cost
next to nothing beside what attention reads: a trained model is what users have. With its weights,
CTranslate2 is made to say as many.
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
from seq2seq.engines.engine import make_engine
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


def trained(*changes):
    if "DECODED_RUN" not in os.environ:
        pytest.skip("DECODED_RUN names no run")
    generator = Run(os.environ["DECODED_RUN"], changes).generator()
    return (generator.source_tokenizer, generator.target_tokenizer), generator.model


MODELS = {
    "trained": trained,
    "transformer": lambda: random_weights(Transformer, encoder_layers=3, decoder_layers=3, heads=4),
    "lstm": lambda: random_weights(LSTM, encoder_layers=1, decoder_layers=1),
}
SEARCHES = {"greedy": GreedySearch, "beam 5": lambda **options: BeamSearch(5, **options)}


def generators(tokenizers, model, searched):
    """Makes generators of targets of each length."""
    for length in LENGTHS:
        search = SEARCHES[searched](constraints=(MinimumLength(ids=length),))
        yield length, Generator(tokenizers, model, search, ratio=100.0, max_target=length)


def in_turns(ways):
    """Works in several ways by turns -> of each turn {way: seconds}."""
    turns = []
    for _ in range(TURNS):
        took = {}
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            took[name] = time.perf_counter() - began
        turns.append(took)
    return turns


@pytest.mark.parametrize("rows", [1, 32])
@pytest.mark.parametrize("searched", SEARCHES)
@pytest.mark.parametrize("kind", MODELS)
def test_twice_the_length_costs_little_more_than_twice(kind, searched, rows):
    texts = tf.constant([TEXT] * rows)
    ways = {}
    for length, generator in generators(*MODELS[kind](), searched):
        ids = generator.found(texts)["ids"].numpy()
        assert (np.count_nonzero(ids[:, 0], axis=-1) == length).all()
        ways[length] = lambda found=generator.found: found(texts)["score"].numpy()
    turns = in_turns(ways)
    for short, long in zip(LENGTHS, LENGTHS[1:]):
        cost = statistics.median(turn[long] / turn[short] for turn in turns)
        print(f"\n{kind}, {searched}, {rows} rows: {long} ids cost {cost:.2f} times {short}")
        assert cost <= MOST


@pytest.mark.parametrize("searched", SEARCHES)
def test_the_longest_targets_take_no_longer_than_in_ctranslate2(searched, tmp_path):
    """Of 32 sentences in one batch, ours in bfloat16 and theirs in float32."""
    import ctranslate2

    tokenizers, model = trained("generator.precision=bfloat16")
    texts, ways = tf.constant([TEXT] * 32), {}
    for length, generator in generators(tokenizers, model, searched):
        ways["ours", length] = lambda found=generator.found: found(texts)["score"].numpy()
        ways["ours", length]()
    make_engine("ctranslate2").write(Generator(*trained()), tmp_path / "engine", [TEXT])
    threads = {"inter_threads": 1, "intra_threads": os.cpu_count()}
    translator = ctranslate2.Translator(str(tmp_path / "engine"), **threads)
    ids = tokenizers[0].tokenize(texts).to_list()
    pieces = [[tokenizers[0].pieces()[id_] for id_ in row] for row in ids]
    for length in LENGTHS:
        asked = {"min_decoding_length": length, "max_decoding_length": length}
        asked |= {"beam_size": 5 if searched == "beam 5" else 1, "max_input_length": 0}
        ways["theirs", length] = lambda asked=asked: translator.translate_batch(pieces, **asked)
    turns = in_turns(ways)
    over = {}
    for length in LENGTHS:
        ratios = [turn["theirs", length] / turn["ours", length] for turn in turns]
        over[length] = statistics.median(ratios)
        print(f"\n{searched}, {length} ids: CTranslate2 takes {over[length]:.2f} times as long")
    for name in ("ours", "theirs"):
        for short, long in zip(LENGTHS, LENGTHS[1:]):
            cost = statistics.median(turn[name, long] / turn[name, short] for turn in turns)
            print(f"{name}: {long} ids cost {cost:.2f} times {short}")
    assert over[LENGTHS[-1]] >= 1
