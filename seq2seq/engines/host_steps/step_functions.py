"""A model as two functions of named tensors, for engines to convert."""

from typing import Any, NamedTuple

import keras
import tensorflow as tf

from seq2seq.engines.host_steps.layouts import Layout, flat, nest


class Sizes(NamedTuple):
    """Sizes that an engine wants fixed; any will do for None.

    rows: hypotheses of all sentences. entries: tokens that a sentence's hypotheses have said.
    """

    sentences: int | None = None
    source: int | None = None
    rows: int | None = None
    entries: int | None = None


class StepFunctions:
    """What a search needs of a model, B sentences and R rows of hypotheses:

    encode: source int32 [B, S] -> {"memory_...": [B, ...], "state_...": [B, ...]}, where each
        sentence's state is repeated for its hypotheses.
    step: token int32 [R], position int32 [], memory_..., state_... [R, ...], and of Transformers
        said_... [B, H, E, D], visible bool [R, E] -> {"logits" [R, V], "attention" [R, S],
        "vectors" [R, M], "next_state_..." [R, ...], "next_said_..." [B, H, K, D], of the tokens}.

    A hypothesis that goes on from another takes its state and what it sees; what was said stays.

    Attributes:
        inputs: {"encode": {name: TensorSpec}, "step": ...}.
    """

    def __init__(self, layout: Layout, sizes: Sizes):
        self._layout = layout
        self._sizes = sizes
        self._nested: Any = None
        source = tf.TensorSpec([sizes.sentences, sizes.source], tf.int32, name="source")
        self.inputs = {"encode": {"source": source}}
        self.inputs["step"] = self._step_inputs(self.traced("encode").structured_outputs)

    def traced(self, name: str):
        """Traces "encode" or "step": a concrete function of keyword arguments."""
        function = tf.function(getattr(self, name), autograph=False)
        return function.get_concrete_function(**self.inputs[name])

    def encode(self, source) -> dict:
        memory, state = self._layout.read(source)
        self._nested = keras.tree.map_structure(lambda tensor: None, (memory, state))
        named = flat("memory", memory) | flat("state", state)
        for tensor in named.values():
            # Loops along time lose the length that they began with.
            fixed = [self._sizes.source if size is None else size for size in tensor.shape[1:]]
            tensor.set_shape([self._sizes.sentences, *fixed])
        return named

    def step(self, token, position, **given) -> dict:
        memory, state = (
            nest(prefix, given, like) for prefix, like in zip(("memory", "state"), self._nested)
        )
        said = {name: given[f"said_{name}"] for name in self._layout.cache()}
        logits, shown, state, new = self._layout.step(
            token, position, memory, state, said, given.get("visible")
        )
        found = {"logits": logits} | shown
        return found | flat("next_state", state) | flat("next_said", new)

    def _step_inputs(self, read: dict) -> dict:
        sizes = self._sizes
        inputs = {"token": ([sizes.rows], tf.int32), "position": ([], tf.int32)}
        for name, tensor in read.items():
            rows = [sizes.rows] if name.startswith("state_") else [sizes.sentences]
            inputs[name] = ([*rows, *tensor.shape[1:]], tensor.dtype)
        for name, (heads, depth) in self._layout.cache().items():
            inputs[f"said_{name}"] = ([sizes.sentences, heads, sizes.entries, depth], tf.float32)
            inputs["visible"] = ([sizes.rows, sizes.entries], tf.bool)
        return {name: tf.TensorSpec(*spec, name=name) for name, spec in inputs.items()}
