"""Pieces of words, learnt by SentencePiece: the tokenizer that most recipes use."""

import io
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import sentencepiece
import tensorflow as tf
import tensorflow_text

from pipelines.sentencepiece_model import without_path_of_rules
from pipelines.special_tokens import END, PAD, START, UNKNOWN
from pipelines.tokenizers.tokenizer import Tokenizer
from pipelines.whole_files import write_whole

FILE = "subwords.model"
LINE = 1000  # characters; SentencePiece silently skips lines of more than 4192 bytes
# It also skips lines that hold the marks it uses itself, and lines with a NUL.
UNWANTED = str.maketrans({mark: " " for mark in "\0\t\r\n\u2585"})


class Subwords(Tokenizer):
    """Text <-> pieces of a SentencePiece model: Kudo and Richardson (2018).

    Words begin with a space, the first one too, so that a word is the same piece wherever it
    stands. The round trip is exact, spaces at both ends included, with three stated losses:
    U+2581, SentencePiece's own mark for a space, becomes U+2582; invalid UTF-8 becomes U+FFFD;
    and so do unseen characters in a model without `byte_fallback`. A model trained with a
    `normalization` other than "identity" gives back the normalized text.
    """

    def __init__(self, model: bytes):
        """Takes the bytes of a SentencePiece model.

        Raises:
            ValueError: it is no such model, or its special tokens are not ours.
        """
        super().__init__()
        processor = sentencepiece.SentencePieceProcessor()
        try:
            processor.LoadFromSerializedProto(model)
        except RuntimeError:
            raise ValueError(f"{len(model)} bytes that are not a SentencePiece model") from None
        special = [processor.pad_id(), processor.bos_id(), processor.eos_id(), processor.unk_id()]
        if special != [PAD, START, END, UNKNOWN]:
            raise ValueError(
                f"the SentencePiece model numbers pad, bos, eos and unk {special}, wanted "
                f"{[PAD, START, END, UNKNOWN]}: train it with these ids"
            )
        self.model = model
        self._size = processor.vocab_size()
        self._pieces = tensorflow_text.SentencepieceTokenizer(model, out_type=tf.int32)

    @property
    def size(self) -> int:
        return self._size

    def tokenize(self, text: tf.Tensor) -> tf.RaggedTensor:
        return self.split(spaced(text))

    def detokenize(self, ids: tf.RaggedTensor) -> tf.Tensor:
        return unspaced(self.join(ids))

    def split(self, text: tf.Tensor) -> tf.RaggedTensor:
        """Turns text [B] whose first word has its space already into ids, ragged [B, (T)]."""
        return self._pieces.tokenize(text)

    def join(self, ids: tf.RaggedTensor) -> tf.Tensor:
        """Turns ids, ragged [B, (T)], into text [B] whose first word keeps its space."""
        values = self.known(ids.flat_values)
        spoken = (values != PAD) & (values != START) & (values != END)
        # As `tf.ragged.boolean_mask`, which takes many more operations.
        before = tf.cumsum(tf.pad(tf.cast(spoken, ids.row_splits.dtype), [[1, 0]]))
        values = tf.gather(values, tf.where(spoken)[:, 0])
        splits = tf.gather(before, ids.row_splits)
        return self._pieces.detokenize(
            tf.RaggedTensor.from_row_splits(values, splits, validate=False)
        )

    def tokens(self, ids: tf.Tensor) -> tf.Tensor:
        return tf.ragged.map_flat_values(
            lambda ids: self._pieces.id_to_string(self.known(ids)), ids
        )

    def save(self, folder: Path) -> None:
        write_whole(Path(folder) / FILE, self.model)

    @classmethod
    def load(cls, folder: Path) -> "Subwords":
        path = Path(folder) / FILE
        try:
            return cls(path.read_bytes())
        except (OSError, ValueError) as error:
            raise ValueError(f"{path}: {error}; train the tokenizer again") from None

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        size: int,
        model: Literal["unigram", "bpe"] = "unigram",
        byte_fallback: bool = True,
        character_coverage: float = 0.9995,
        normalization: Literal["identity", "nfkc", "nmt_nfkc"] = "identity",
        symbols: list[str] = [],
        input_sentence_size: int = 1_000_000,
        num_threads: int = 4,
    ) -> "Subwords":
        """Trains a model of at most `size` pieces; a small corpus may not have so many.

        The same texts and options give the same model on every machine.

        Args:
            texts: read once; at most `input_sentence_size` lines, drawn evenly, stay in memory.
            size: the number of ids, the special tokens and the 256 bytes included.
            model: "unigram" (Kudo, 2018) or "bpe" (Sennrich et al., 2016).
            byte_fallback: spell characters that are no pieces as bytes, so nothing is UNKNOWN.
            character_coverage: the share of the text's characters that become pieces.
            normalization: a rule of SentencePiece. "identity" is the default since a model is
                scored against the text as people wrote it, and NFKC changes that ("½", "…").
            symbols: pieces that are never split, such as "<2de>".
            input_sentence_size: more lines than this are sampled.
            num_threads: changes the sums' order, so it is not taken from the machine.

        Raises:
            ValueError: there is no text, or `size` has no room for its characters.
        """
        lines = _Lines(texts)
        options: dict = {"byte_fallback": byte_fallback, "character_coverage": character_coverage}
        options |= {"input_sentence_size": input_sentence_size, "num_threads": num_threads}
        options |= {"user_defined_symbols": symbols, "vocab_size": size, "model_type": model}
        try:
            trained = _train(iter(lines), normalization, options)
        except RuntimeError as error:
            raise lines.error or _explain(error, lines, size) from None
        if lines.error is not None:
            raise lines.error
        return cls(trained)


def spaced(text: tf.Tensor) -> tf.Tensor:
    """Gives the first word of each text [B] the space that other words have."""
    return tf.where(text == "", text, " " + text)


def unspaced(text: tf.Tensor) -> tf.Tensor:
    """Takes the space back that `spaced` gave."""
    return tf.strings.regex_replace(text, "^ ", "")


class _Lines:
    """Cuts texts into lines that SentencePiece takes; keeps an error it would swallow."""

    def __init__(self, texts: Iterable[str]):
        self.texts = texts
        self.count = 0
        self.error: Exception | None = None

    def __iter__(self) -> Iterator[str]:
        try:
            for text in self.texts:
                text = text.translate(UNWANTED)
                for start in range(0, len(text), LINE):
                    self.count += 1
                    yield " " + text[start : start + LINE]
        except Exception as error:
            self.error = error


def _train(lines: Iterator[str], normalization: str, options: dict) -> bytes:
    model = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        rule: dict = {"normalization_rule_name": normalization}
        if normalization == "identity":
            # A model without any rule loses U+2581 and says so on standard error at each load.
            path = Path(folder) / "rules.tsv"
            path.write_text("2581\t2582\n")
            rule = {"normalization_rule_tsv": str(path)}
        sentencepiece.SentencePieceTrainer.Train(
            sentence_iterator=lines,
            model_writer=model,
            pad_id=PAD,
            bos_id=START,
            eos_id=END,
            unk_id=UNKNOWN,
            unk_surface="\ufffd",
            # `tokenize` adds this space: SentencePiece itself then loses all spaces in front.
            add_dummy_prefix=False,
            remove_extra_whitespaces=False,
            hard_vocab_limit=False,
            minloglevel=3,
            **rule,
            **options,
        )
    # The model would tell the temporary file's path, and so differ from run to run.
    return without_path_of_rules(model.getvalue())


def _explain(error: Exception, lines: _Lines, size: int) -> ValueError:
    if lines.count == 0:
        return ValueError("there is no text to train a tokenizer on: the corpus has no characters")
    needed = re.search(r"required_chars\. \d+ vs (\d+)", str(error))
    if needed:
        return ValueError(
            f"a size of {size} has no room for this text's characters: wanted at least "
            f"{needed[1]}, or a lower character_coverage, or byte_fallback = false"
        )
    return ValueError(f"SentencePiece cannot train on this text: {error}")
