"""The bytes of UTF-8 text: needs no training and knows no unknown token."""

from collections.abc import Iterable
from pathlib import Path

import tensorflow as tf

from pipelines.special_tokens import UNKNOWN
from pipelines.tokenizers.tokenizer import Tokenizer

FIRST = UNKNOWN + 1  # the id of byte 0


class Bytes(Tokenizer):
    """Text <-> the bytes of its UTF-8: Xue et al. (2022), "ByT5", section 3.

    Exact on valid UTF-8. Bytes that a model puts together wrongly become U+FFFD.
    """

    lossless = True

    def __init__(self):
        super().__init__()
        spelling = ["", "", "", "\ufffd".encode()] + [bytes([byte]) for byte in range(256)]
        self._spelling = tf.constant(spelling)
        printable = [chr(byte) if 32 < byte < 127 else f"<0x{byte:02X}>" for byte in range(256)]
        self._names = tf.constant(["<pad>", "<s>", "</s>", "<unk>"] + printable)

    @property
    def size(self) -> int:
        return FIRST + 256

    def tokenize(self, text: tf.Tensor) -> tf.RaggedTensor:
        values = tf.io.decode_raw(tf.strings.reduce_join(text), tf.uint8)
        return tf.RaggedTensor.from_row_lengths(
            tf.cast(values, tf.int32) + FIRST, tf.strings.length(text, unit="BYTE")
        )

    def detokenize(self, ids: tf.RaggedTensor) -> tf.Tensor:
        text = tf.strings.reduce_join(self.look_up(self._spelling, ids), axis=-1)
        return tf.strings.unicode_transcode(text, "UTF-8", "UTF-8")

    def tokens(self, ids: tf.Tensor) -> tf.Tensor:
        return self.look_up(self._names, ids)

    def save(self, folder: Path) -> None:
        Path(folder).mkdir(parents=True, exist_ok=True)

    @classmethod
    def load(cls, folder: Path) -> "Bytes":
        return cls()

    @classmethod
    def train(cls, texts: Iterable[str] = (), size: int = FIRST + 256) -> "Bytes":
        """Returns the one tokenizer there is; reads no texts.

        Raises:
            ValueError: `size` has no room for the 256 bytes.
        """
        if size < FIRST + 256:
            raise ValueError(f"bytes need a size of {FIRST + 256}, got {size}: leave size out")
        return cls()
