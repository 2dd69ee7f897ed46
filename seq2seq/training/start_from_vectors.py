"""Begins a model's embeddings with vectors of words."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from keras import ops

from pipelines.vectors.fitting import NONE, fit
from pipelines.vectors.word_vectors import WordVectors
from pipelines.vocabulary import Tokenizers
from seq2seq.models.seq2seq import Seq2Seq


def start_from_vectors(
    model: Seq2Seq, tokenizers: Tokenizers, files: Mapping[str, str]
) -> list[str]:
    """Sets the embeddings of a model to vectors of words; says of each side how many it found.

    The vectors of a file are scaled, all alike, so that they are as large as the initial values,
    which the layers above expect. Tokens without a vector keep their initial values.

    Args:
        files: what `WordVectors.read` reads, for "source", "target" or both; a model that shares
            its embeddings takes one.

    Raises:
        ValueError: an unknown side, a file that cannot be read, vectors of another width than the
            embedding's, or two files for one embedding.
    """
    weights = model.vocabulary_weights()
    _check_sides(files, weights)
    said = []
    for side, path in files.items():
        fitted = fit(WordVectors.read(Path(path)), getattr(tokenizers, side))
        _, _, weight = weights[side]
        width = fitted.vectors.shape[1]
        if width != weight.shape[1]:
            raise ValueError(
                f"{path} has vectors of {width} numbers, the {side} embedding is {weight.shape[1]} "
                f"wide: set the model's width to {width}, or take other vectors"
            )
        weight.assign(_scaled(fitted.vectors, fitted.origins != NONE, ops.convert_to_numpy(weight)))
        said.append(f"{side} embedding from {path}: {fitted}")
    return said


def _check_sides(files: Mapping[str, str], weights: dict) -> None:
    for side in files:
        if side not in Tokenizers._fields:
            raise ValueError(f"word_vectors are for source or target, not for {side!r}")
    if len(files) == 2 and weights["source"][2] is weights["target"][2]:
        raise ValueError(
            "source and target share their embedding: name word_vectors for one of them, or set "
            'the model\'s tied to "none" or "target"'
        )


def _scaled(vectors: np.ndarray, found: np.ndarray, initial: np.ndarray) -> np.ndarray:
    """Returns initial values [V, D] with vectors of the same spread where there are some."""
    if not found.any():
        return initial
    spread = vectors[found].std()
    return np.where(found[:, None], vectors * (initial.std() / spread if spread else 1), initial)
