"""How far the preparation of a dump is."""

from collections.abc import Callable
from typing import NamedTuple


class Progress(NamedTuple):
    """How far a phase is: `done` of `total` of its own units; total 0 is not known."""

    phase: str
    done: float
    total: float
    pages: int = 0
    megabytes: float = 0  # of XML


Watch = Callable[[Progress], None]
