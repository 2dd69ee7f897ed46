"""Vectors of words, read from the files that word2vec, GloVe, fastText and gensim write."""

import re
import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipelines.text_files import open_bytes, read_lines
from pipelines.vectors.saved_by_gensim import read_saved

MOST = 200_000  # words; files list the most frequent first
# How fastText's models begin (FASTTEXT_FILEFORMAT_MAGIC_INT32).
FASTTEXT = struct.pack("<i", 793712314)
PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
HEADER = re.compile(rb"(\d+) (\d+)\s*")


class WordVectors(NamedTuple):
    """Words, the most frequent first, and their vectors [N, D] float32."""

    words: list[str]
    matrix: np.ndarray

    @classmethod
    def read(cls, path: Path, most: int = MOST) -> "WordVectors":
        """Reads the first words of a file; its format is found by looking into it.

        GloVe's text, the text and the binary format of word2vec, fastText's .vec and .bin, and
        what gensim's `KeyedVectors.save` wrote. Text may be compressed (.gz, .bz2, .xz, .zst).

        Raises:
            ValueError: the file is of none of these formats, damaged, or has no words.
        """
        path = Path(path)
        with open_bytes(path) as file:
            head = file.read(1 << 16)
        header = HEADER.fullmatch(head.partition(b"\n")[0])
        if head.startswith(FASTTEXT):
            found = _read_fasttext(path, most)
        elif head.startswith(PICKLES):
            found = _read_gensim(path, most)
        elif header and _is_binary(head[header.end() + 1 :], int(header[2])):
            found = _read_binary(path, most)
        else:
            found = _read_text(path, most, int(header[2]) if header else 0)
        if not found.words:
            raise ValueError(f"{path} has no vectors of words")
        if not np.isfinite(found.matrix).all():
            raise ValueError(f"{path} has numbers that are not finite: make or load it again")
        return found


def _is_binary(rest: bytes, size: int) -> bool:
    """Says whether what follows a header is not a line of a word and `size` numbers."""
    try:
        [float(number) for number in rest.partition(b"\n")[0].split()[-size:]]
    except ValueError:
        return True
    return False


def _read_text(path: Path, most: int, size: int) -> WordVectors:
    """Reads lines of a word and numbers, after a header if `size` is known."""
    words: dict[str, None] = {}
    rows = []
    for line in read_lines(path):
        if line.number == 1 and size:
            continue
        if len(words) == most:
            break
        size = size or len(line.raw.split()) - 1
        # Some words of GloVe's have spaces inside.
        word, *numbers = line.raw.rstrip().rsplit(b" ", size)
        try:
            row = np.array(numbers, np.float32)
        except ValueError:
            row = np.empty(0, np.float32)
        if len(row) != size or not size:
            said = f"wanted a word and {size} numbers, or a first line with two numbers"
            raise ValueError(f"{line.place}: {said}; is it a file of vectors?")
        text = word.decode("utf-8", "replace")
        if text not in words:
            words[text] = None
            rows.append(row)
    return WordVectors(list(words), np.array(rows, np.float32).reshape(len(rows), size))


def _read_binary(path: Path, most: int) -> WordVectors:
    from gensim.models import KeyedVectors  # takes a second to load

    try:
        vectors = KeyedVectors.load_word2vec_format(
            str(path), binary=True, limit=most, unicode_errors="replace"
        )
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path} is no whole file of word2vec's binary format: {error}") from None
    return WordVectors(list(vectors.index_to_key), np.asarray(vectors.vectors, np.float32))


def _read_fasttext(path: Path, most: int) -> WordVectors:
    from gensim.models.fasttext import load_facebook_vectors

    vectors = load_facebook_vectors(str(path))
    words = list(vectors.index_to_key[:most])
    return WordVectors(words, np.asarray(vectors.vectors[: len(words)], np.float32))


def _read_gensim(path: Path, most: int) -> WordVectors:
    words, matrix = read_saved(path)
    return WordVectors(words[:most], np.asarray(matrix[:most], np.float32))
