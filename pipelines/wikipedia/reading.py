"""Reads a dump: its chunks go to the workers, in order, until it ends, breaks, or is enough."""

import json
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

from pipelines.whole_files import write_whole
from pipelines.wikipedia.counts import Counts, GroupedCounts
from pipelines.wikipedia.damaged_dump import DamagedDump
from pipelines.wikipedia.extraction import Work, extract, read_extracted, read_header
from pipelines.wikipedia.manifest import SPLITS
from pipelines.wikipedia.progress import Progress, Watch
from pipelines.wikipedia.sources.source import Source
from pipelines.wikipedia.workers import Workers

READ = "dump.json"
XML = "XML"


class DumpRead(NamedTuple):
    """What reading a dump told.

    articles, paragraphs: of each chunk, those that are kept
    bytes: of their lines, of each split
    counts: pages by kind, and what was left out by reason
    damage: what broke, if anything did
    """

    articles: list[int]
    paragraphs: list[int]
    bytes: dict[str, int]
    counts: Counts
    damage: str


def read_dump(source: Source, work: Work, workers: Workers, watch: Watch) -> DumpRead:
    """Extracts articles until the dump ends, breaks, or has given enough of them."""
    path = work.folder / READ
    if path.exists():
        return DumpRead(**json.loads(path.read_bytes()))
    counts = GroupedCounts()
    read = DumpRead([], [], dict.fromkeys(SPLITS, 0), {}, "")
    try:
        for header in _kept(_extracted(source, work, workers), work):
            read.articles.append(header["articles"])
            read.paragraphs.append(header["paragraphs"])
            for split in SPLITS:
                read.bytes[split] += header["bytes"][split]
            counts.add(header["counts"])
            read = read._replace(damage=header["damage"])
            watch(_progress(source, header["xml"], counts))
    except DamagedDump as error:
        read = read._replace(damage=str(error))
    if source.skipped and not work.preparation.limit:
        counts["pages"]["too large"] += source.skipped
    read = read._replace(counts=counts.plain())
    write_whole(path, json.dumps(read._asdict()))
    return read


def _progress(source: Source, xml: int, counts: GroupedCounts) -> Progress:
    counts[XML]["bytes"] += xml
    return Progress(
        "reading pages",
        source.position,
        source.size,
        sum(counts["pages"].values()),
        counts[XML]["bytes"] / 1e6,
    )


def _extracted(source: Source, work: Work, workers: Workers) -> Iterator[dict[str, Any]]:
    """Yields the headers of extracted chunks, in order; those that are there are not made again."""
    first = 0
    while work.extracted(first).exists():
        yield read_header(work, first)
        first += 1
    yield from workers.map(extract, enumerate(source.chunks(first), first))


def _kept(headers: Iterator[dict[str, Any]], work: Work) -> Iterator[dict[str, Any]]:
    """Yields headers up to damage, or to the limit of articles, which cuts the last one."""
    left = work.preparation.limit or sys.maxsize
    for number, header in enumerate(headers):
        if header["articles"] >= left:
            facts, _ = read_extracted(work, number)
            paragraphs = int(facts["paragraphs"][:left].sum())
            yield header | {"articles": left, "paragraphs": paragraphs}
            return
        yield header
        if header["damage"]:
            return
        left -= header["articles"]
