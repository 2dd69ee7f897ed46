"""The contract of an objective: what a model learns from articles alone."""

import abc
from collections.abc import Iterator

from pipelines import plugins
from pipelines.wikipedia.article import Article

Pair = tuple[str, str]


class Objective(abc.ABC):
    """Makes pairs of an article's text; a frozen dataclass whose fields are its options.

    `symbols` are pieces that the tokenizer must have, since the pairs are made with them.
    """

    symbols: tuple[str, ...] = ()

    @abc.abstractmethod
    def pairs(self, article: Article) -> Iterator[Pair]:
        """Yields (source, target), the same ones each time; none if the article is unfit."""


def find_objective(section: dict) -> Objective:
    """Builds the objective that a section names: {"kind": "restore"} -> Restore().

    Raises:
        ValueError: no kind, an unknown kind, or an option that it does not have.
    """
    return plugins.build("pipelines.objectives", Objective, section)
