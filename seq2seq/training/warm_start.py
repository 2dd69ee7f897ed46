"""Begins a model with the weights of another, token by token where vocabularies differ."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from pipelines.special_tokens import UNKNOWN
from pipelines.tokenizers.tokenizer import Tokenizer
from pipelines.vocabulary import Tokenizers
from seq2seq.models.seq2seq import Seq2Seq

SHOWN = 4  # names of weights in a line


class Taken(NamedTuple):
    """A weight, the other model's weight that it takes after, and its value then.

    known: how many tokens the other knew, of how many.
    """

    weight: keras.Variable
    source: keras.Variable
    value: Any
    known: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class WarmStart:
    """What a model has from another one.

    copied: weights that are the other's, by path.
    mapped: weights with an entry a token, by use: how many tokens the other knew, of how many.
    new: weights that keep their initial values, by path or use.
    left: weights of the other that have no place here, by path or use.
    """

    copied: list[str]
    mapped: dict[str, tuple[int, int]]
    new: list[str]
    left: list[str]

    def __str__(self) -> str:
        """Says it in a line: "12 weights copied; target: 90 of 100 tokens known; 1 new: bias"."""
        said = [f"{len(self.copied)} weights copied"]
        said += [f"{use}: {had} of {all} tokens known" for use, (had, all) in self.mapped.items()]
        for what, names in {"new": self.new, "left out": self.left}.items():
            more = ", ..." if len(names) > SHOWN else ""
            said += [f"{len(names)} {what}: {', '.join(names[:SHOWN])}{more}"] if names else []
        return "; ".join(said)


def warm_start(
    model: Seq2Seq, tokenizers: Tokenizers, other: Seq2Seq, others: Tokenizers
) -> WarmStart:
    """Sets the weights of `model` to those of `other`, a trained model of the same kind.

    Weights of the same path and shape are copied. Those with an entry a token are mapped: the
    special tokens, and what both vocabularies spell alike, keep their entries. A new token gets
    the mean of the other's tokens plus its own initial values: the logit of a mean is the mean
    of the logits, so that what is new is no likelier than the average of what was learnt, and
    takes hardly any probability from it (Hewitt 2021, "Initializing new word embeddings for
    pretrained language models"); the initial values tell new tokens apart.

    Args:
        model, tokenizers: what is to be trained, and how it reads and writes.
        other, others: the trained model, and its tokenizers.

    Raises:
        ValueError: the models are of different kinds, or have no weight in common; then nothing
            is changed.
    """
    kinds = [type(each).__name__ for each in (model, other)]
    if kinds[0] != kinds[1]:
        raise ValueError(f"{kinds[0]} cannot start from {kinds[1]}: name a run of the same kind")
    copied, mapped = _copied(model, other), _mapped(model, tokenizers, other, others)
    taken = [*copied.values(), *mapped.values()]
    if not taken:
        raise ValueError(
            "the models have no weight of the same name and shape: start from a run whose "
            "recipe has the same widths in [model]"
        )
    for each in taken:
        each.weight.assign(each.value)
    return WarmStart(
        copied=list(copied),
        mapped={use: each.known for use, each in mapped.items()},
        new=_others(model, {id(each.weight) for each in taken}),
        left=_others(other, {id(each.source) for each in taken}),
    )


def paths(model: Seq2Seq) -> dict:
    """Names the weights without an entry a token, by paths that every model of a kind has."""
    by_token = {id(weight) for _, _, weight in model.vocabulary_weights().values()}
    return {
        weight.path.removeprefix(f"{model.name}/"): weight
        for weight in model.weights
        if id(weight) not in by_token
    }


def _copied(model: Seq2Seq, other: Seq2Seq) -> dict[str, Taken]:
    """Pairs the weights that both models have, by path."""
    own, theirs = paths(model), paths(other)
    return {
        path: Taken(weight, theirs[path], theirs[path].value)
        for path, weight in own.items()
        if path in theirs and weight.shape == theirs[path].shape
    }


def _mapped(
    model: Seq2Seq, tokenizers: Tokenizers, other: Seq2Seq, others: Tokenizers
) -> dict[str, Taken]:
    """Pairs the weights with an entry a token that both models use alike, by use."""
    own, theirs = model.vocabulary_weights(), other.vocabulary_weights()
    origins = {
        side: origin_of(getattr(tokenizers, side), getattr(others, side))
        for side in Tokenizers._fields
    }
    taken: dict[str, Taken] = {}
    for use in [use for use in own if use in theirs]:
        (side, axis, weight), (_, its_axis, source) = own[use], theirs[use]
        new = np.moveaxis(ops.convert_to_numpy(weight), axis, 0)
        old = np.moveaxis(ops.convert_to_numpy(source), its_axis, 0)
        shared = any(weight is each.weight for each in taken.values())
        if not shared and new.shape[1:] == old.shape[1:]:
            value = np.moveaxis(entries(new, old, origins[side]), 0, axis)
            known = int((origins[side] >= 0).sum()), len(new)
            taken[use] = Taken(weight, source, value, known)
    return taken


def origin_of(tokenizer: Tokenizer, other: Tokenizer) -> np.ndarray:
    """Finds each token's id in another vocabulary, or -1: int [size]."""
    ids = {piece: id for id, piece in enumerate(other.pieces()) if id > UNKNOWN}
    found = [ids.get(piece, -1) for piece in tokenizer.pieces()[UNKNOWN + 1 :]]
    return np.array([*range(UNKNOWN + 1), *found])


def entries(new: np.ndarray, old: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """Takes entries of old [V', ...] by origin [V]; where that is -1, its mean + new [V, ...].

    entries([[.1], [.2]], [[3.], [5.]], [1, -1]) -> [[5.], [4.2]], without special tokens
    """
    mean = old[UNKNOWN + 1 :].mean(axis=0)
    known = (origin >= 0).reshape([-1] + [1] * (new.ndim - 1))
    return np.where(known, old[origin], mean + new)


def _others(model: Seq2Seq, these: set[int]) -> list[str]:
    """Names the weights of a model that are not among these."""
    uses = {use: weight for use, (_, _, weight) in model.vocabulary_weights().items()}
    return [name for name, weight in (paths(model) | uses).items() if id(weight) not in these]
