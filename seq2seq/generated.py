"""What a generator gives back for a text."""

from typing import NamedTuple

from seq2seq.details import Details


class Generated(NamedTuple):
    """A target: its score is the search's, its details are those of the model where asked for."""

    text: str
    score: float
    details: Details | None = None

    def as_dict(self) -> dict:
        """Returns all that is known, as plain data."""
        more = self.details.as_dict() if self.details else {}
        return {"text": self.text, "score": round(self.score, 4)} | more
