"""How much goes where: shards of each split, and the steps by which articles get there."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from pipelines.wikipedia.manifest import SPLITS
from pipelines.wikipedia.shards import Shards

LEAST = 3_000_000  # bytes of lines that a process holds at once
PIECE = 24_000  # bytes of a bucket in a run: fewer would make reading them slow


class Plan(NamedTuple):
    """The plan of scattering, which only the extracted articles decide.

    Articles have random keys. A run is what some consecutive chunks hold, sorted into buckets by
    key; a shard is some consecutive buckets, each gathered from all runs and sorted. A process
    holds one run or one bucket, which grow with the square root of the dump.
    """

    chunks: int
    per_run: int  # chunks
    shards: tuple[int, ...]  # of each split
    per_shard: tuple[int, ...]  # buckets, of each split

    @classmethod
    def of(cls, chunks: int, sizes: dict[str, int], shards: Shards) -> "Plan":
        """Plans for so many bytes of lines of each split."""
        total = sum(sizes.values())
        held = max(LEAST, math.sqrt(total * PIECE))
        counts = tuple(shards.count(split, sizes[split]) for split in SPLITS)
        return cls(
            chunks=chunks,
            per_run=max(1, int(held * chunks / max(1, total))),
            shards=counts,
            per_shard=tuple(
                math.ceil(sizes[split] / count / held) if count else 0
                for split, count in zip(SPLITS, counts)
            ),
        )

    def runs(self) -> Iterator[tuple[int, range]]:
        """Yields the number and the chunks of each run."""
        for run, first in enumerate(range(0, self.chunks, self.per_run)):
            yield run, range(first, min(first + self.per_run, self.chunks))

    def first_buckets(self) -> list[int]:
        """Returns the number of each split's first bucket, then the number of all buckets."""
        buckets = [count * each for count, each in zip(self.shards, self.per_shard)]
        return [sum(buckets[:split]) for split in range(len(buckets) + 1)]

    def bucket(self, split: int, key: int) -> int:
        """Says where an article goes; keys are 64 random bits."""
        buckets = self.shards[split] * self.per_shard[split]
        return self.first_buckets()[split] + (key * buckets >> 64)

    def buckets(self, split: int, shard: int) -> range:
        """Names the buckets of a shard."""
        first = self.first_buckets()[split] + shard * self.per_shard[split]
        return range(first, first + self.per_shard[split])
