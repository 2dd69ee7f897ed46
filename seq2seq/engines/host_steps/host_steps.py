"""Steps that another engine computes, while what was said is kept here."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
import tensorflow as tf

from seq2seq.decoding.search import Steps

Tensors = dict[str, np.ndarray]


class Functions(Protocol):
    """The functions of `StepFunctions` as an engine computes them, on NumPy's arrays.

    entries: of what is said, where there must be so many; such an engine reads one sentence.
    """

    entries: int | None

    def encode(self, source: np.ndarray) -> Tensors: ...

    def step(self, given: Tensors) -> Tensors: ...


class Said(NamedTuple):
    """What hypotheses have said: caches {name: [B, H, E, D]}, visible [B, K, E], used of E."""

    caches: Any
    visible: Any
    used: Any


class HostSteps(Steps):
    """Steps over source ids [B, S].

    Args:
        functions: of the engine.
        cache: {name: (heads, depth)} of what is kept of each token that was said.
    """

    def __init__(
        self, functions: Functions, cache: Mapping[str, tuple[int, int]], source: np.ndarray
    ):
        self._functions = functions
        self._cache = cache
        self._length = source.shape[1]
        read = functions.encode(source)
        split = lambda prefix: {name: read[name] for name in read if name.startswith(prefix)}
        self._memory = split("memory_")
        self._state = split("state_")

    def begin(self, hypotheses: int):
        sentences = next(iter(self._memory.values())).shape[0]
        state = {name: np.repeat(rows, hypotheses, 0) for name, rows in self._state.items()}
        caches = {
            name: np.zeros((sentences, heads, 0, depth), "float32")
            for name, (heads, depth) in self._cache.items()
        }
        said = Said(caches, np.zeros((sentences, hypotheses, 0), bool), np.array(0))
        return {"memory": self._memory, "state": state, "said": said}

    def __call__(self, token, position, state):
        logits, _, following = self.look(token, position, state)
        return logits, following

    def look(self, token, position, state):
        said = state["said"]
        token = np.asarray(token, "int32")
        given = {"token": token, "position": np.asarray(position, "int32")}
        given |= state["memory"] | state["state"]
        if said.caches:
            given |= {f"said_{name}": cache for name, cache in said.caches.items()}
            given["visible"] = said.visible.reshape(token.size, -1)
        found = self._functions.step(given)
        following = {name: found[f"next_{name}"] for name in state["state"]}
        said = _with(said, {name: found[f"next_said_{name}"] for name in said.caches})
        # An engine of fixed sizes shows its attention to padding, too.
        attention = found["attention"][:, : self._length]
        shown = {"attention": tf.constant(attention), "vectors": tf.constant(found["vectors"])}
        return tf.constant(found["logits"]), shown, state | {"state": following, "said": said}

    def follow(self, state, parent):
        parent = np.asarray(parent)
        said = state["said"]
        rows = said.visible.reshape(parent.size, -1)[parent]
        said = said._replace(visible=rows.reshape(said.visible.shape))
        return state | {"state": _take(state["state"], parent), "said": said}

    def pack(self, state, sentences, hypotheses: int, room: int):
        sentences = np.asarray(sentences)
        rows = (sentences[:, None] * hypotheses + np.arange(hypotheses)).ravel()
        said = Said(*(_arrays(each) for each in state["said"]))
        return {
            "memory": _take(_arrays(state["memory"]), sentences),
            "state": _take(_arrays(state["state"]), rows),
            "said": _packed(said, sentences, hypotheses * room, self._functions.entries),
        }


def _arrays(nested):
    return tf.nest.map_structure(np.asarray, nested)


def _take(tensors: Tensors, index: np.ndarray) -> Tensors:
    return {name: rows[index] for name, rows in tensors.items()}


def _with(said: Said, new: Tensors) -> Said:
    """Writes what each hypothesis has now said where the room begins; arrays are changed."""
    if not new:
        return said
    count = said.visible.shape[1]
    place = slice(int(said.used), int(said.used) + count)
    for name, entries in new.items():
        said.caches[name][:, :, place] = entries
    said.visible[:, :, place] = np.eye(count, dtype=bool)
    return said._replace(used=said.used + count)


def _packed(said: Said, sentences: np.ndarray, room: int, size: int | None) -> Said:
    """Keeps some sentences and what a hypothesis of theirs still sees, with room for more.

    size: entries in all, where the engine wants so many; what is seen must leave enough room.
    """
    visible = said.visible[sentences]
    seen = visible.any(axis=1)
    used = int(seen.sum(axis=1).max(initial=0))
    # Those that are seen come first, in their order.
    order = np.argsort(~seen, axis=1, kind="stable")[:, :used]
    more = (used + room if size is None else size) - used

    def keep(cache):
        kept = np.take_along_axis(cache[sentences], order[:, None, :, None], axis=2)
        return np.pad(kept, [(0, 0), (0, 0), (0, more), (0, 0)])

    visible = np.take_along_axis(visible, order[:, None], axis=2)
    caches = {name: keep(cache) for name, cache in said.caches.items()}
    return Said(caches, np.pad(visible, [(0, 0), (0, 0), (0, more)]), np.array(used))
