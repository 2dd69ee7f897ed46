"""Small generators of every family that are exported in tests."""

import functools

import numpy as np

from pipelines.plugins import kinds
from pipelines.tokenizers.bytes import Bytes
from pipelines.tokenizers.subwords import Subwords
from seq2seq.decoding.beam_search import BeamSearch
from seq2seq.ensemble import Ensemble
from seq2seq.generator import Generator
from seq2seq.models.lstm import LSTM
from seq2seq.models.transformer import Transformer

LINES = [
    "the cat sat on the mat",
    "a dog ran to the cat",
    "the dog sat",
    "it was a mat",
    "to be was it",
]
SIGNATURES = [kind for kind in kinds("seq2seq.signatures") if kind != "signature"]
FAMILIES = ("lstm", "transformer", "ensemble")


@functools.cache
def tokenizers():
    """One with core ops and one with TensorFlow Text's."""
    return Bytes(), Subwords.train(LINES * 20, size=290)


def model(family):
    source, target = (each.size for each in tokenizers())
    sizes = {"encoder_layers": 1, "decoder_layers": 1, "units": 16}
    if family == "ensemble":
        return Ensemble([model("lstm"), model("transformer")])
    if family == "lstm":
        return scattered(LSTM(source, target, **sizes, embedding=8))
    return scattered(Transformer(source, target, **sizes, hidden=24, heads=2))


def scattered(model):
    """Gives a model opinions: new ones find all ids alike, and then rounding decides."""
    noise = np.random.default_rng(7)
    for weight in model.trainable_weights:
        weight.assign_add(noise.normal(scale=0.5, size=weight.shape))
    return model


def generator(family):
    limits = {"max_source": 32, "max_target": 12}
    return Generator(tokenizers(), model(family), BeamSearch(width=3, best=2), **limits)
