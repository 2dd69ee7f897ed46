"""A target told while it is found."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from seq2seq.decoding.parts.walk import WalkingSearch
from seq2seq.decoding.search import Live
from seq2seq.model_steps import ModelSteps
from seq2seq.models.seq2seq import Seq2Seq


class TokenStream:
    """Gives the ids of a text's target, each as soon as it is found, by three functions of tensors.

    begin: text string [1] -> live, a list of tensors to be handed on as they are.
    advance: position (scalar, from 0 on), live -> {"token": int32 [], "done": bool [], True = it
        was the last, "live"}. Where constraints leave nothing to say, the token is PAD.
    spell: ids int32 [T] -> text [].

    Each is traced once, for texts and targets of all lengths: room for the whole target is made
    where it begins. Exports keep them, so `streamed` takes `loaded.stream` of a SavedModel, too.

    Args:
        read: text [B] -> (its ids [B, S], the most ids of its target [B]).
        model: a built `Seq2Seq`.
        search: follows one hypothesis.
        spell: ids [T] -> text [].
    """

    def __init__(
        self,
        read: Callable[[Any], tuple[Any, Any]],
        model: Seq2Seq,
        search: WalkingSearch,
        spell: Callable[[Any], Any],
    ):
        self._read = read
        self._model = model
        self._search = search
        self._layout: Any = None  # of a `Live`, which a SavedModel would not keep
        traced = lambda function, *specs: tf.function(function, specs, autograph=False)
        self.begin = traced(self._begin, tf.TensorSpec([None], tf.string, "text"))
        begun = self.begin.get_concrete_function().structured_outputs
        live = [tf.TensorSpec(each.shape, each.dtype) for each in begun]
        self.advance = traced(self._advance, tf.TensorSpec([], tf.int32, "position"), live)
        self.spell = traced(spell, tf.TensorSpec([None], tf.int32, "ids"))

    def _begin(self, text) -> list:
        source, limit = self._read(text)
        steps, sentences = ModelSteps(self._model, self._model.encode(source)), tf.size(limit)
        walk = self._search.begin(sentences, limit, {"source": source})
        state = steps.pack(steps.begin(1), tf.range(sentences), 1, tf.reduce_max(limit))
        self._layout = tf.nest.map_structure(lambda tensor: tensor.shape, Live(walk, state))
        return tf.nest.flatten(Live(walk, state))

    def _advance(self, position, live: list) -> dict:
        now: Live = tf.nest.pack_sequence_as(self._layout, live)
        # The memory is in the state by now.
        now = self._search.advance(ModelSteps(self._model, None), position, now)
        token, done = now.carried.ids[0, 0, position], now.carried.done[0, 0]
        return {"token": token, "done": done, "live": tf.nest.flatten(now)}
