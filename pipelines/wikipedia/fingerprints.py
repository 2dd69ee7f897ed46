"""Small numbers that tell whether paragraphs are the same, and articles nearly so."""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import rensa

from pipelines.wikipedia.article import Article

MINIMA = 128
SEED = 20_240_101  # any number does, and it must never change
# Shingles are the 24 bytes from where a word begins: about four words, or eight Chinese characters.
SHINGLE = 24
GAP = b" " + bytes(SHINGLE) + b" "  # between articles, so that no shingle has words of two
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # Knuth's: 2**64 divided by the golden ratio
SPACE = ord(" ")
THREE_BYTES = 0xE0  # characters from here on in UTF-8: scripts without spaces are among them


class Fingerprints(NamedTuple):
    """Tells of articles, in order, what finding their duplicates needs.

    paragraphs [A] uint32: how many each article has
    hashes [P] uint64: of all paragraphs in order; 0 where one is too short to tell anything
    signatures [A, 128] uint16: MinHash signatures; the share of equal numbers in two rows
        estimates the Jaccard similarity of two articles' shingles
    """

    paragraphs: np.ndarray
    hashes: np.ndarray
    signatures: np.ndarray

    @classmethod
    def of(cls, articles: Iterable[Article], shortest: int) -> "Fingerprints":
        """Takes the fingerprints of articles; `shortest`: bytes of a paragraph that gets a hash.

        Capitals of ASCII are taken for small letters; all else counts.

        MinHash: Broder (1997), "On the resemblance and containment of documents"; of each minimum
        the lowest 16 bits are kept: Li and König (2010), "b-Bit minwise hashing".
        """
        texts = [
            [" ".join(sentences).encode().lower() for sentences in article.paragraphs()]
            for article in articles
        ]
        hashes = b"".join(
            hashlib.blake2b(text, digest_size=8).digest() if len(text) >= shortest else bytes(8)
            for paragraphs in texts
            for text in paragraphs
        )
        return cls(
            np.array([len(paragraphs) for paragraphs in texts], np.uint32),
            np.frombuffer(hashes, "<u8"),
            _signatures([b" ".join(paragraphs) for paragraphs in texts]),
        )

    def pack(self) -> bytes:
        """Writes all that `unpack` reads."""
        sizes = np.array([len(self.paragraphs), len(self.hashes)], "<u4")
        parts = (sizes, self.paragraphs.astype("<u4"), self.hashes, self.signatures.astype("<u2"))
        return b"".join(part.tobytes() for part in parts)

    @classmethod
    def unpack(cls, packed: bytes) -> "Fingerprints":
        """Reads what `pack` wrote."""
        articles, paragraphs = map(int, np.frombuffer(packed, "<u4", 2))
        hashes = 8 + 4 * articles
        signatures = hashes + 8 * paragraphs
        return cls(
            np.frombuffer(packed, "<u4", articles, 8),
            np.frombuffer(packed, "<u8", paragraphs, hashes),
            np.frombuffer(packed, "<u2", articles * MINIMA, signatures).reshape(-1, MINIMA),
        )


def _signatures(texts: list[bytes]) -> np.ndarray:
    """Returns the signatures [A, 128] uint16 of texts; a text without shingles has some, too."""
    if not texts:
        return np.zeros([0, MINIMA], np.uint16)
    joined = np.frombuffer(GAP + GAP.join(texts) + GAP, np.uint8)
    before, here = joined[:-SHINGLE], joined[1 : 1 - SHINGLE]
    begins = np.flatnonzero(((before == SPACE) & (here > SPACE)) | (here >= THREE_BYTES)) + 1
    lengths = np.array([len(text) + len(GAP) for text in texts])
    rows = np.searchsorted(begins, np.concatenate([[0], np.cumsum(lengths)]) + len(GAP))
    matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(
        _shingles(joined, begins), rows.astype(np.uint64), MINIMA, SEED
    )
    return np.array(matrix.to_rows(), np.uint64).astype(np.uint16)


def _shingles(joined: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """Returns a hash [N] uint64 of the bytes from each place in `begins` [N]."""
    words = np.ndarray([len(joined) - 7], "<u8", joined, strides=[1])  # at every byte, not each 8
    hashes = words[begins]
    for place in range(8, SHINGLE, 8):
        hashes = (hashes ^ (hashes >> np.uint64(29))) * MULTIPLIER
        hashes += words[begins + place]
    hashes = (hashes ^ (hashes >> np.uint64(29))) * MULTIPLIER
    return hashes ^ (hashes >> np.uint64(32))
