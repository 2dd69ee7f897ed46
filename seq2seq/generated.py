"""What a generator gives back for a text."""

import itertools
from typing import NamedTuple

from seq2seq.decoding.constraints.constraint import NEVER
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


def generated(texts, scores, details=()) -> list[Generated]:
    """Makes Python's values of string [N] and float32 [N], with the details where there are any."""
    rows = itertools.zip_longest(texts.tolist(), scores.tolist(), details)
    return [Generated(text.decode(), score, more) for text, score, more in rows]


def there(found: list[Generated]) -> list[Generated]:
    """Leaves out the places that a search has not filled, but for the first."""
    return found[:1] + [one for one in found[1:] if one.score > NEVER / 2]
