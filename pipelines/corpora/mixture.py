"""Several corpora as one, each with its share of the training examples."""

from collections import Counter
from collections.abc import Iterator

from pipelines import plugins
from pipelines.corpora.corpus import Corpus, Pair
from pipelines.faults import require_split


class Mixture(Corpus):
    """Interleaves the "train" splits of corpora by weight, and joins their other splits end to end.

    `corpora` are sections such as {"kind": "json_lines", ..., "weight": 3}; a weight of 1 is
    assumed. Weights are shares of the examples drawn: with weights 3 and 1, three of four examples
    come from the first corpus, whatever the sizes, in a fixed order that keeps the shares at every
    moment (each draw goes to the corpus that is furthest behind its share).

    An epoch of "train" ends when every corpus has been read through at least once: a corpus that
    runs out earlier starts again from its beginning, and the epoch's last example is the last one
    of the corpus that gets through latest. With sizes 2 and 3 and equal weights: a1 b1 a2 b2 a1 b3.

    `common` are options that all sections share, and a section's `prefix` stands before its
    sources, so that a model can tell what is wanted: Raffel et al. (2020), section 2.4. Several
    objectives of one corpus are a mixture as well:

        common = { kind = "wikipedia", folder = "runs/wikipedia" }
        corpora = [
            { objective = { kind = "denoise" }, weight = 3, prefix = "denoise:" },
            { objective = { kind = "lead" }, prefix = "summarize:" },
        ]

    Any other split is read from the corpora that have it, one after the other, weights aside.
    `dropped` adds up what the corpora dropped when each was first read through.
    """

    def __init__(self, corpora: list[dict], common: dict = {}):
        sections = [common | section for section in corpora]
        if not sections:
            raise ValueError("a mixture needs at least one corpus in corpora")
        self._weights = [_weight(section.pop("weight", 1)) for section in sections]
        prefixes = [_prefix(section.pop("prefix", "")) for section in sections]
        build = lambda section: plugins.build("pipelines.corpora", Corpus, section)
        self._corpora = [
            _Prefixed(build(section), prefix) for section, prefix in zip(sections, prefixes)
        ]

    def splits(self) -> list[str]:
        return list(dict.fromkeys(name for corpus in self._corpora for name in corpus.splits()))

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for corpus in self._corpora for name in corpus.symbols))

    def pairs(self, split: str) -> Iterator[Pair]:
        require_split(split, self.splits())
        self.dropped.clear()
        return self._interleave(split) if split == "train" else self._join(split)

    def _join(self, split: str) -> Iterator[Pair]:
        for corpus in self._corpora:
            if split in corpus.splits():
                yield from corpus.pairs(split)
                self.dropped.update(corpus.dropped)

    def _interleave(self, split: str) -> Iterator[Pair]:
        readers = [_Reader(corpus, split, self.dropped) for corpus in self._corpora]
        drawn = [0] * len(readers)
        while not all(reader.finished for reader in readers):
            turn = min(range(len(readers)), key=lambda k: (drawn[k] + 1) / self._weights[k])
            drawn[turn] += 1
            yield readers[turn].draw()


class _Prefixed(Corpus):
    """A corpus whose sources begin with a prefix."""

    def __init__(self, corpus: Corpus, prefix: str):
        self._corpus, self._prefix = corpus, prefix

    def splits(self) -> list[str]:
        return self._corpus.splits()

    @property
    def symbols(self) -> tuple[str, ...]:
        return self._corpus.symbols

    @property
    def dropped(self) -> Counter[str]:  # type: ignore[override]
        return self._corpus.dropped

    def pairs(self, split: str) -> Iterator[Pair]:
        pairs = self._corpus.pairs(split)
        if not self._prefix:
            return pairs
        return ((f"{self._prefix} {source}", target) for source, target in pairs)


class _Reader:
    """Reads a split over and over; `finished` says whether it was read through once."""

    def __init__(self, corpus: Corpus, split: str, dropped: Counter):
        self._corpus, self._split, self._dropped = corpus, split, dropped
        self.finished = False
        self._ahead: Pair | None = None
        self._begin()

    def draw(self) -> Pair:
        """Returns the next example; the one after it is read ahead, to know when the last went."""
        if self._ahead is None:
            self._begin()
        pair, self._ahead = self._ahead, next(self._pairs, None)
        if self._ahead is None and not self.finished:
            self.finished = True
            self._dropped.update(self._corpus.dropped)
        assert pair is not None
        return pair

    def _begin(self) -> None:
        self._pairs = self._corpus.pairs(self._split)
        self._ahead = next(self._pairs, None)
        if self._ahead is None:
            raise ValueError(f"a corpus of the mixture has no examples in {self._split!r}")


def _weight(weight: float) -> float:
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not weight > 0:
        raise ValueError(f"a weight is a number above 0, not {weight!r}")
    return weight


def _prefix(prefix: str) -> str:
    if not isinstance(prefix, str):
        raise ValueError(f"a prefix is text, not {prefix!r}")
    return prefix
