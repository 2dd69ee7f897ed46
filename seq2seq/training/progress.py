"""How far a run has come: what a checkpoint keeps beside variables."""

import json
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path

from pipelines.batches import Position


@dataclass
class Progress:
    """Updates made, the next batch's position, the last round's metrics.

    seconds: time spent on updates.
    round: summed loss and tokens of the round in hand; nothing between rounds.
    kept: the states of lasting callbacks, by their names.
    skipped: updates that were refused.
    """

    step: int = 0
    position: Position = Position()
    seconds: float = 0.0
    target_tokens: int = 0
    metrics: dict = field(default_factory=dict)
    round: list[float] = field(default_factory=list)
    kept: dict[str, dict] = field(default_factory=dict)
    skipped: int = 0

    def write(self, path: Path) -> None:
        """Writes all of it as JSON, to the last bit of each number."""
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Progress":
        """Reads what `write` wrote.

        Raises:
            ValueError: the file is no JSON, or its fields are not those of this version.
        """
        try:
            saved = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{path} is no JSON: {error}") from None
        if not isinstance(saved, dict):
            raise ValueError(f"{path} holds {saved!r} and not the fields of a run's progress")
        known = [each.name for each in fields(cls)]
        wrong = [f"{name} is missing" for name in known if name not in saved]
        wrong += [f"{name!r} is unknown" for name in saved if name not in known]
        wrong += [
            f"{each.name} is {saved[each.name]!r}" for each in fields(cls) if not _fits(each, saved)
        ]
        if wrong:
            advice = "it was written by another version; train into a new folder"
            raise ValueError(f"{path}: {', '.join(wrong)}: {advice}")
        return cls(**saved | {"position": Position(*saved["position"])})


def _fits(each, saved: dict) -> bool:
    """Tells whether a field, where it is there, holds a value of its default's kind."""
    if each.name not in saved:
        return True
    value = saved[each.name]
    default = each.default if each.default is not MISSING else each.default_factory()
    if isinstance(default, Position):
        whole = isinstance(value, list) and all(type(number) is int for number in value)
        return whole and len(value) == len(default)
    return type(value) is type(default) or type(default) is float and type(value) is int
