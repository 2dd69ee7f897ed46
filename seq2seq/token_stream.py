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
    """Gives the ids of a text's target, each as soon as it is found.

    A step is one call of a graph that is traced once, for texts and targets of all lengths: room
    for the whole target is made where it begins.

    Args:
        read: text [B] -> (its ids [B, S], the most ids of its target [B]).
        model: a built `Seq2Seq`.
        search: follows one hypothesis.
    """

    def __init__(
        self, read: Callable[[Any], tuple[Any, Any]], model: Seq2Seq, search: WalkingSearch
    ):
        self._read = read
        self._model = model
        self._search = search
        text = tf.TensorSpec([None], tf.string)
        self._begin = tf.function(self._begun, input_signature=[text], autograph=False)
        begun = self._begin.get_concrete_function().structured_outputs
        specify = lambda tensor: tf.TensorSpec(tensor.shape, tensor.dtype)
        signature = [tf.TensorSpec([], tf.int32), tf.nest.map_structure(specify, begun)]
        self._advance = tf.function(self._advanced, input_signature=signature, autograph=False)

    def __call__(self, text: str) -> Iterator[int]:
        """Yields the ids of a text's target; END is the last, unless the target is cut."""
        live, position, done = self._begin(encoded([text])), 0, False
        while not done:
            token, done, live = self._advance(tf.constant(position), live)
            if token == PAD:  # constraints leave nothing to say
                return
            yield int(token)
            position += 1

    def _begun(self, text) -> Live:
        source, limit = self._read(text)
        steps, sentences = ModelSteps(self._model, self._model.encode(source)), tf.size(limit)
        walk = self._search.begin(sentences, limit, {"source": source})
        return Live(walk, steps.pack(steps.begin(1), tf.range(sentences), 1, tf.reduce_max(limit)))

    def _advanced(self, position, live: Live) -> tuple[Any, Any, Live]:
        # The memory is in the state by now.
        live = self._search.advance(ModelSteps(self._model, None), position, live)
        walk = live.carried
        return walk.ids[0, 0, position], walk.done[0, 0], live


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
