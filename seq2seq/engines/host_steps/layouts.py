"""What a model's functions take and give, as named tensors."""

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from seq2seq.layers.portable import portable
from seq2seq.models.lstm import LSTM
from seq2seq.models.seq2seq import Seq2Seq
from seq2seq.models.transformer import Transformer


class Layout:
    """Lays out the memory and state of a model; this one, of models with a row a hypothesis.

    Args:
        model: a built model.
    """

    def __init__(self, model):
        self.model = model

    def cache(self) -> dict[str, tuple[int, int]]:
        """Names what is kept of each token that was said, with heads and depth: here nothing."""
        return {}

    def read(self, source) -> tuple[dict, dict]:
        """Reads source [B, S] -> (memory, state before the first token), nested [B, ...]."""
        memory = self.model.encode(source)
        state = self.model.begin(memory)
        return self._needed(memory), state

    def step(self, token, position, memory: dict, state: dict, said: dict, visible):
        """Predicts one token -> (logits [R, V], what they come of, the next state, what is new).

        said: {name: [B, H, E, D]}, of E tokens; visible [R, E], True = the hypothesis said it.
        Logits come of {"attention": [R, S], "vectors": [R, M]}; new are {name: [B, H, K, D]}.
        """
        logits, shown, following = self.model.look(token, position, state, memory)
        return logits, shown, following, {}

    def _needed(self, memory: dict) -> dict:
        unused = {"state"} if self.model.copying else {"state", "source"}
        return {name: memory[name] for name in memory.keys() - unused}


class CachedLayout(Layout):
    """Of a Transformer: each step makes keys and values of K tokens, and reads those before."""

    def cache(self) -> dict[str, tuple[int, int]]:
        size = (self.model.heads, self.model.units // self.model.heads)
        parts = ("keys", "values")
        return {f"{layer.name}_{part}": size for layer in self.model.decoder for part in parts}

    def read(self, source) -> tuple[dict, dict]:
        with portable():
            return self._needed(self.model.encode(source)), {}

    def step(self, token, position, memory, state, said, visible):
        sentences = _size(memory["mask"], 0)
        hypotheses = _size(token, 0) // sentences
        entries = _size(visible, 1)
        visible = ops.reshape(visible, (sentences, hypotheses, entries))
        unseen = tf.zeros((sentences, hypotheses, hypotheses), "bool")
        full = {
            "said": self._caches(said, sentences),
            "visible": ops.concatenate([visible, unseen], axis=2),
            "entry": entries,
        }
        with portable():
            logits, shown, following = self.model.look(token, position, full, memory)
        return logits, shown, {}, self._new(following["said"], sentences, hypotheses)

    def _caches(self, said, sentences) -> dict:
        heads = self.model.heads
        flat = lambda name: ops.reshape(said[name], (sentences * heads, -1))
        return {
            layer.name: {part: flat(f"{layer.name}_{part}") for part in ("keys", "values")}
            for layer in self.model.decoder
        }

    def _new(self, caches: dict, sentences, hypotheses) -> dict:
        """Takes the last K entries of caches [B * H, (E + K) * D]."""
        new = {}
        for name, (heads, depth) in self.cache().items():
            layer, _, part = name.rpartition("_")
            rows = caches[layer][part]
            shape = (sentences, heads, hypotheses, depth)
            new[name] = ops.reshape(rows[:, _size(rows, 1) - hypotheses * depth :], shape)
        return new


LAYOUTS: dict[type, type[Layout]] = {Transformer: CachedLayout, LSTM: Layout}


def layout_of(model: Seq2Seq, engine: str) -> Layout:
    """Lays out a model.

    Raises:
        ValueError: it is none of those whose functions are known.
    """
    layout = LAYOUTS.get(type(model))
    if layout is None:
        known = " or ".join(sorted(kind.__name__ for kind in LAYOUTS))
        raise ValueError(
            f"{engine} is given one {known}, not {type(model).__name__}: export one run without "
            "--with and --draft, or for TensorFlow Serving (without an engine)"
        )
    return layout(model)


def flat(prefix: str, nested) -> dict[str, Any]:
    """Names nested tensors by their places: memory, {"a": {"b": x}} -> {"memory_a_b": x}."""
    paths = keras.tree.flatten_with_path(nested)
    return {"_".join((prefix, *map(str, path))): tensor for path, tensor in paths}


def nest(prefix: str, tensors: dict[str, Any], like):
    """Nests tensors that `flat` named, as `like` is nested."""
    return keras.tree.pack_sequence_as(like, [tensors[name] for name in flat(prefix, like)])


def _size(tensor, axis: int):
    return ops.shape(tensor)[axis]
