"""A target told while it is found."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import tensorflow as tf

from pipelines.special_tokens import PAD
from seq2seq.decoding.parts.walk import WalkingSearch
from seq2seq.decoding.search import Live
from seq2seq.model_steps import ModelSteps
from seq2seq.models.seq2seq import Seq2Seq
from seq2seq.text_batches import encoded

# What tokenizers spell for bytes that are no character, or not yet.
REPLACEMENT = "\ufffd"


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


def streamed(stream, text: str) -> Iterator[str]:
    """Yields the target of a text in parts, each as soon as it is found.

    stream: a `TokenStream`, or `stream` of a SavedModel that was exported.
    """
    spell = lambda ids: stream.spell(tf.constant(ids, tf.int32)).numpy().decode()
    return text_parts(found_ids(stream, text), spell)


def found_ids(stream, text: str) -> Iterator[int]:
    """Yields the ids of a text's target; END is the last, unless the target is cut."""
    live, position, done = stream.begin(encoded([text])), 0, False
    while not done:
        found = stream.advance(tf.constant(position), live)
        live, done = found["live"], bool(found["done"])
        if found["token"] == PAD:
            return
        yield int(found["token"])
        position += 1


def text_parts(ids: Iterable[int], spell: Callable[[list[int]], str]) -> Iterator[str]:
    """Yields text as ids come, in whole characters; joined, the parts are the text of all ids.

    What may yet become a character, bytes of which some are to come, is held back until it is one,
    or can be none. `spell` turns ids into text.
    """
    read: list[int] = []
    told = whole = ""
    for id_ in ids:
        read.append(id_)
        whole = spell(read)
        ready = whole.rstrip(REPLACEMENT)
        if len(ready) > len(told):
            yield ready[len(told) :]
            told = ready
    if len(whole) > len(told):
        yield whole[len(told) :]
