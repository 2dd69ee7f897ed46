"""Counts in groups: pages by kind, what was left out by reason."""

from collections import Counter
from collections.abc import Mapping

Counts = dict[str, dict[str, int]]  # {"pages": {"redirect": 2}}


class GroupedCounts(dict[str, Counter[str]]):
    """Adds up counts by group and name."""

    def __missing__(self, group: str) -> Counter[str]:
        return self.setdefault(group, Counter())

    def add(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        """Adds those of another: {"pages": {"redirect": 2}}."""
        for group, numbers in counts.items():
            self[group].update(numbers)

    def plain(self) -> Counts:
        """Returns them in the order of names, without zeros."""
        return {
            group: {name: numbers[name] for name in sorted(numbers) if numbers[name]}
            for group, numbers in sorted(self.items())
        }
