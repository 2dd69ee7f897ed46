"""How a target came to be, piece by piece."""

from typing import NamedTuple, Self

import numpy as np

from pipelines.special_tokens import END


class Details(NamedTuple):
    """A target of T pieces as a model says it, having read S pieces of the source.

    source: the pieces that were read; the last is END.
    pieces: those that were said; the last is END, unless the target was cut.
    ended: whether it was not cut.
    log_probabilities: of each piece after those before it, [T].
    attention: float32 [T, S], how much of each source piece went into each target piece; each row
        adds up to 1.
    """

    source: list[str]
    pieces: list[str]
    ended: bool
    log_probabilities: list[float]
    attention: np.ndarray

    @classmethod
    def of(cls, source, target, pieces, forced) -> list[Self]:
        """Makes the details of targets from arrays.

        Args:
            source, target: ids [B, S] and [B, T], PAD at the end.
            pieces: how these are spelt, as bytes: [B, S] and [B, T].
            forced: log-probabilities [B, T] and attention [B, T, S].
        """
        details = []
        for row, (read, said) in enumerate(zip(source, target)):
            words, length = np.count_nonzero(read), np.count_nonzero(said)
            details.append(
                cls(
                    source=_decoded(pieces[0][row, :words]),
                    pieces=_decoded(pieces[1][row, :length]),
                    ended=END in said,
                    log_probabilities=forced[0][row, :length].tolist(),
                    attention=forced[1][row, :length, :words],
                )
            )
        return details

    @property
    def links(self) -> list[tuple[int, int]]:
        """Names for each target piece the source piece that it read most: (source, target).

        Places are counted from 0. END is linked on neither side: models rest on it.
        """
        words = self.attention[: len(self.pieces) - self.ended, : len(self.source) - 1]
        if not words.shape[1]:
            return []
        return [(source, target) for target, source in enumerate(words.argmax(axis=1).tolist())]

    @property
    def alignment(self) -> str:
        """Writes the links as Pharaoh did: "0-0 2-1 1-2"."""
        return " ".join(f"{source}-{target}" for source, target in self.links)

    def as_dict(self) -> dict:
        """Returns what is told of the target, as plain data."""
        return {
            "pieces": self.pieces,
            "log_probabilities": [round(value, 4) for value in self.log_probabilities],
            "alignment": self.alignment,
            "attention": [[round(share, 4) for share in row] for row in self.attention.tolist()],
        }


def _decoded(pieces) -> list[str]:
    return [piece.decode(errors="replace") for piece in pieces]
