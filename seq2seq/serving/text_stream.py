"""A target told while it is found, by the functions that an export keeps beside its signatures."""

from collections.abc import Iterator
from typing import Any

from pipelines.special_tokens import PAD


def text_stream(stream: Any, text: str) -> Iterator[str]:
    """Yields the target of a text in whole characters, each part as soon as it is found.

    stream: of a loaded SavedModel: begin(text [1]) -> live, advance(position, live) -> {"token",
    "done", "live"}, spell(ids [T]) -> text [].
    """
    import tensorflow as tf

    from seq2seq.token_stream import text_parts

    def ids() -> Iterator[int]:
        live, position, done = stream.begin(tf.constant([text])), 0, False
        while not done:
            found = stream.advance(tf.constant(position), live)
            live, done = found["live"], bool(found["done"])
            if found["token"] == PAD:  # nothing may be said
                return
            yield int(found["token"])
            position += 1

    spell = lambda read: stream.spell(tf.constant(read, tf.int32)).numpy().decode()
    return text_parts(ids(), spell)
