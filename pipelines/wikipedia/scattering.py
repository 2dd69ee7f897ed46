"""The third phase: articles are scattered at random over shards."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
import zstandard

from pipelines.whole_files import write_whole
from pipelines.wikipedia.blocks import Blocks, write_blocks
from pipelines.wikipedia.counts import GroupedCounts
from pipelines.wikipedia.duplicates import Found, Totals
from pipelines.wikipedia.extraction import FAST, Work, read_extracted
from pipelines.wikipedia.manifest import SPLITS
from pipelines.wikipedia.plan import Plan
from pipelines.wikipedia.repeats import Fact, without_repeats

KEY = np.dtype("<u8")


class RunOfChunks(NamedTuple):
    """Chunks that one file of buckets is made of.

    articles: how many of each chunk are kept
    first: the numbers, through the whole dump, of their first article and paragraph
    """

    plan: Plan
    number: int
    chunks: range
    articles: list[int]
    first: Totals


class Shard(NamedTuple):
    """A file to be gathered from all runs."""

    plan: Plan
    split: int
    number: int


def run_path(work: Work, number: int) -> Path:
    """Names the file of a run."""
    return work.folder / "runs" / f"{number:06d}"


def scatter(work: Work, run: RunOfChunks) -> dict[str, Any]:
    """Sorts the articles of a run's chunks into buckets, a block each; returns the header."""
    path, plan = run_path(work, run.number), run.plan
    if path.exists():
        with Blocks.open(path) as blocks:
            return blocks.header
    counts = GroupedCounts()
    buckets: list[list[tuple[int, bytes]]] = [[] for _ in range(plan.first_buckets()[-1])]
    for split, key, line in _unique(work, run, counts):
        buckets[plan.bucket(split, key)].append((key, line))
    header = {"counts": counts.plain()}
    write_blocks(path, header, [_pack(bucket) for bucket in buckets])
    for chunk in run.chunks:
        work.extracted(chunk).unlink(missing_ok=True)
    return header


def _unique(work: Work, run: RunOfChunks, counts: GroupedCounts) -> Iterator[tuple]:
    """Yields split, key and line of each article, without what came before."""
    found = Found.at(work.duplicates)
    number, first = run.first
    for chunk, articles in zip(run.chunks, run.articles):
        facts, lines = read_extracted(work, chunk)
        for fact, line in zip(map(Fact._make, facts[:articles].tolist()), lines):
            repeated = found.paragraphs[first : first + fact.paragraphs]
            kept = without_repeats(line, fact, found.articles[number], repeated, counts)
            if kept:
                yield fact.split, fact.key, kept
            number, first = number + 1, first + fact.paragraphs


def gather(work: Work, shard: Shard) -> tuple[str, dict[str, Any]]:
    """Writes a shard; returns its name and what the manifest says of it."""
    split = SPLITS[shard.split]
    shards = work.preparation.shards
    name = shards.name(split, shard.number, shard.plan.shards[shard.split])
    done = work.folder / "shards" / f"{name}.json"
    if done.exists():
        return name, orjson.loads(done.read_bytes())
    runs = [run_path(work, number) for number, _ in shard.plan.runs()]
    written = _Counted(_sorted(runs, shard.plan.buckets(shard.split, shard.number)))
    digest = shards.write(work.folder / "folder" / name, written)
    size = (work.folder / "folder" / name).stat().st_size
    facts = {"articles": written.count, "bytes": size, "sha256": digest}
    write_whole(done, orjson.dumps(facts))
    return name, facts


class _Counted:
    """Counts the lines that pass."""

    def __init__(self, lines: Iterator[bytes]):
        self._lines, self.count = lines, 0

    def __iter__(self) -> Iterator[bytes]:
        for line in self._lines:
            self.count += 1
            yield line


def _sorted(runs: list[Path], buckets: range) -> Iterator[bytes]:
    """Yields the lines of some buckets in the order of their keys."""
    for bucket in buckets:
        keys, lines = [np.empty(0, KEY)], []
        for path in runs:
            with Blocks.open(path) as blocks:
                some, more = _unpack(blocks.read(bucket))
            keys.append(some)
            lines += more
        # Articles of one title have one key: they stay in the order of the dump.
        for index in np.argsort(np.concatenate(keys), kind="stable"):
            yield lines[index]


def _pack(bucket: list[tuple[int, bytes]]) -> bytes:
    keys = np.array([key for key, _ in bucket], KEY).tobytes()
    lines = b"\n".join(line for _, line in bucket)
    return zstandard.compress(len(bucket).to_bytes(8, "little") + keys + lines, FAST)


def _unpack(block: bytes) -> tuple[np.ndarray, list[bytes]]:
    content = zstandard.decompress(block)
    count = int.from_bytes(content[:8], "little")
    keys = np.frombuffer(content, KEY, count, offset=8)
    return keys, content[8 + KEY.itemsize * count :].split(b"\n") if count else []
