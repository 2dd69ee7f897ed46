"""A text told while its ids are found, by the functions of a `TokenStream` or of its export."""

from collections.abc import Callable, Iterable, Iterator

import tensorflow as tf

from pipelines.special_tokens import PAD
from seq2seq.text_batches import encoded

# What tokenizers spell for bytes that are no character, or not yet.
REPLACEMENT = "\ufffd"


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
