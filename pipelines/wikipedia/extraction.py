"""The first phase: a chunk of a dump becomes a file of articles."""

import hashlib
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import zstandard

from pipelines.wikipedia.article import Article, to_line
from pipelines.wikipedia.blocks import Blocks, write_blocks
from pipelines.wikipedia.collecting import without_collection
from pipelines.wikipedia.counts import Counts, GroupedCounts
from pipelines.wikipedia.damaged_dump import DamagedDump
from pipelines.wikipedia.fingerprints import Fingerprints
from pipelines.wikipedia.manifest import SPLITS
from pipelines.wikipedia.preparation import Preparation
from pipelines.wikipedia.site import Site
from pipelines.wikipedia.sources.pages import read_pages
from pipelines.wikipedia.sources.source import Read

FAST = 1  # level of zstandard for what is soon read again and removed
# What is kept of each article beside its line: the number of its split, its place in the random
# order of all articles, and how much it holds.
TEXT, TABLE, PRINTS = range(3)  # the blocks of a file
FACTS = np.dtype([("split", "u1"), ("key", "<u8"), ("paragraphs", "<u4"), ("sentences", "<u4")])


class Work(NamedTuple):
    """What every process knows: the unfinished folder, the site, the options, how to read."""

    folder: Path
    site: Site
    preparation: Preparation
    read: Read = read_pages

    @property
    def duplicates(self) -> Path:
        """Names the folder of what the second phase finds."""
        return self.folder / "duplicates"

    def extracted(self, chunk: int) -> Path:
        """Names the file that a chunk becomes."""
        return self.folder / "extracted" / f"{chunk:08d}"


class Extracted(NamedTuple):
    """What a chunk holds.

    facts [A] FACTS: of the articles, in order, whose `lines` and `fingerprints` these are
    xml: bytes of the chunk
    damage: what broke inside the chunk, if anything did
    """

    lines: list[bytes]
    facts: np.ndarray
    fingerprints: Fingerprints
    counts: Counts
    xml: int
    damage: str

    def sizes(self) -> dict[str, int]:
        """Adds up the bytes of each split, line feeds included."""
        lengths = np.array([len(line) + 1 for line in self.lines], np.int64)
        splits = self.facts["split"]
        return {split: int(lengths[splits == index].sum()) for index, split in enumerate(SPLITS)}


def extract_chunk(
    chunk: bytes, site: Site, preparation: Preparation, read: Read = read_pages
) -> Extracted:
    """Makes articles of what `read` finds in a chunk."""
    counts, articles, damage = GroupedCounts(), list[Article](), ""
    filters = preparation.filters(site)
    try:
        for record in read(chunk, site, counts):
            article = filters.article(*record, counts)
            if article is not None:
                articles.append(article)
    except DamagedDump as error:
        damage = str(error)
    return Extracted(
        lines=list(map(to_line, articles)),
        facts=np.array([_facts(article, preparation) for article in articles], FACTS),
        fingerprints=Fingerprints.of(articles, preparation.duplicates.paragraph or sys.maxsize),
        counts=counts.plain(),
        xml=len(chunk),
        damage=damage,
    )


def extract(work: Work, item: tuple[int, bytes]) -> dict[str, Any]:
    """Writes what a chunk, given with its number, holds; returns the header of the file."""
    number, chunk = item
    if work.extracted(number).exists():
        return read_header(work, number)
    with without_collection():
        found = extract_chunk(chunk, work.site, work.preparation, work.read)
    header = {
        "articles": len(found.lines),
        "paragraphs": int(found.facts["paragraphs"].sum()),
        "bytes": found.sizes(),
        "counts": found.counts,
        "xml": found.xml,
        "damage": found.damage,
    }
    text = zstandard.compress(b"\n".join(found.lines), FAST)
    blocks = [text, found.facts.tobytes(), found.fingerprints.pack()]
    write_blocks(work.extracted(number), header, blocks)
    return header


def read_header(work: Work, number: int) -> dict[str, Any]:
    """Returns what `extract` returned."""
    with Blocks.open(work.extracted(number)) as blocks:
        return blocks.header


def read_extracted(work: Work, number: int) -> tuple[np.ndarray, list[bytes]]:
    """Returns the facts and the lines of the articles of a chunk."""
    with Blocks.open(work.extracted(number)) as blocks:
        facts = np.frombuffer(blocks.read(TABLE), FACTS)
        lines = zstandard.decompress(blocks.read(TEXT)).split(b"\n")
    return facts, lines if len(facts) else []


def read_fingerprints(work: Work, number: int, articles: int) -> Fingerprints:
    """Returns those of the first so many articles of a chunk."""
    with Blocks.open(work.extracted(number)) as blocks:
        prints = Fingerprints.unpack(blocks.read(PRINTS))
    counts = prints.paragraphs[:articles]
    return Fingerprints(counts, prints.hashes[: counts.sum()], prints.signatures[:articles])


def _facts(article: Article, preparation: Preparation) -> tuple[int, int, int, int]:
    digest = hashlib.blake2b(f"{preparation.seed} {article.title}".encode(), digest_size=8)
    paragraphs = list(article.paragraphs())
    return (
        SPLITS.index(preparation.held_out.split(article.title)),
        int.from_bytes(digest.digest(), "little"),
        len(paragraphs),
        sum(map(len, paragraphs)),
    )
