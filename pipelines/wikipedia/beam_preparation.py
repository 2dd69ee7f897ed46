"""The same preparation as a pipeline of Apache Beam, for dumps that outgrow one machine.

Articles, duplicates, splits and keys are decided by the same functions from the same numbers as in
`prepare`, so the shards are the same, byte by byte. Every worker must see the dump and the output
under the same paths, as on a shared file system.
"""

import heapq
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.wikipedia.counts import GroupedCounts
from pipelines.wikipedia.dump import Dump
from pipelines.wikipedia.duplicates import COMPARED, NONE, Duplicates
from pipelines.wikipedia.extraction import FACTS, extract_chunk
from pipelines.wikipedia.manifest import SPLITS, Files, read_manifest, write_manifest
from pipelines.wikipedia.parts import Part
from pipelines.wikipedia.preparation import Preparation
from pipelines.wikipedia.repeats import Fact, without_repeats
from pipelines.wikipedia.request import describe
from pipelines.wikipedia.unfinished import Unfinished

PARTS = 1000  # of a dump, at most: the work is shared out by them
# An article's place in the dump: where its part begins, the number of its chunk, its number there.
Place = tuple[int, int, int]
ShardNumber = tuple[int, int, int]  # number of the split, of the shard there, of how many
Keyed = tuple[bytes, Place, bytes]  # key, which is the random order of articles, place, and line
COUNTS, SIZES = "counts", "sizes"  # what is counted beside the articles


class Extracted(NamedTuple):
    """An article with all that is needed to tell whether it came before.

    Numbers are bytes, since Beam's coder of whole numbers has no room for 64 bits without a sign.

    fact: a row of FACTS
    hashes: of its paragraphs, uint64
    signature: [128] uint16
    """

    line: bytes
    fact: bytes
    hashes: bytes
    signature: bytes


def prepare_with_beam(
    dump: Path,
    output: Path,
    preparation: Preparation = Preparation(),
    runner: str = "DirectRunner",
    arguments: Iterable[str] = (),
    parts: int = PARTS,
) -> dict[str, Any]:
    """Writes what `prepare` writes, by a runner of Beam; returns the manifest.

    A .bz2 of one stream, .gz, .xz, .zst and .7z are one part, which one worker reads.

    runner: DirectRunner, FlinkRunner, SparkRunner, DataflowRunner ...
    arguments: of the runner, such as "--flink_master=localhost:8081"

    Raises:
        ValueError: the output is there; the dump is damaged or has no articles; a limit is asked
            for, which only one reader after the other can keep.
    """
    dump, output = Path(dump).absolute(), Path(output).absolute()
    if preparation.limit:
        raise ValueError("Beam reads all parts at once: a limit needs the preparation without it")
    if output.exists():
        raise ValueError(f"{output} is there already: remove it or name another folder")
    source = Dump(dump)
    with Unfinished(output, describe(source, preparation)) as unfinished:
        folder = unfinished.folder / "folder"
        shutil.rmtree(folder)
        folder.mkdir()
        options = PipelineOptions([f"--runner={runner}", "--no_save_main_session", *arguments])
        with beam.Pipeline(options=options) as pipeline:
            _build(pipeline, source, preparation, parts, folder)
        manifest = read_manifest(folder)
        if not any(part["files"] for part in manifest["splits"].values()):
            raise ValueError(f"{dump} holds no articles")
        unfinished.publish(output)
    return manifest


def _build(
    pipeline: beam.Pipeline, source: Dump, preparation: Preparation, parts: int, folder: Path
) -> None:
    read = (
        pipeline
        | "parts" >> beam.Create(source.parts(parts))
        | "share out" >> beam.Reshuffle()
        | "extract"
        >> beam.ParDo(_Extract(source, preparation)).with_outputs(COUNTS, SIZES, main="")
    )
    unique, counted = _unique(read[""], preparation.duplicates)
    sizes = read[SIZES] | "add sizes" >> beam.CombinePerKey(sum)
    shards = (
        unique
        | "shards" >> beam.Map(_shard, preparation.shards, beam.pvalue.AsDict(sizes))
        | "gather" >> beam.GroupByKey()
        | "write" >> beam.Map(_write, preparation.shards, folder)
    )
    counts = (
        (read[COUNTS], counted)
        | "all counts" >> beam.Flatten()
        | "add counts" >> beam.CombinePerKey(sum)
    )
    _ = (
        pipeline
        | "end" >> beam.Create([describe(source, preparation)])
        | "manifest"
        >> beam.Map(
            _finish, folder, preparation.shards, *map(beam.pvalue.AsDict, (sizes, counts, shards))
        )
    )


class _Extract(beam.DoFn):
    """Part -> (place, Extracted) of each article; counts and sizes beside them."""

    def __init__(self, source: Dump, preparation: Preparation):
        self._path, self._site, self._preparation = source.path, source.site, preparation

    def process(self, part: Part) -> Iterator[Any]:
        for number, chunk in enumerate(Dump(self._path).read_part(part)):
            found = extract_chunk(chunk, self._site, self._preparation)
            if found.damage:
                raise ValueError(f"{self._path} is damaged: {found.damage}")
            yield from _tagged(found.counts)
            for split, size in found.sizes().items():
                yield beam.pvalue.TaggedOutput(SIZES, (split, size))
            ends = np.cumsum(found.facts["paragraphs"], dtype=np.int64)
            for index, (line, fact, end) in enumerate(zip(found.lines, found.facts, ends)):
                hashes = found.fingerprints.hashes[end - fact["paragraphs"] : end].tobytes()
                signature = found.fingerprints.signatures[index].tobytes()
                article = Extracted(line, fact.tobytes(), hashes, signature)
                yield (part.start, number, index), article


def _tagged(counts) -> Iterator[beam.pvalue.TaggedOutput]:
    for group, numbers in counts.items():
        for name, number in numbers.items():
            yield beam.pvalue.TaggedOutput(COUNTS, ((group, name), number))


def _unique(articles, duplicates: Duplicates):
    """Articles -> (split, key, place, line) of what did not come before, and counts."""
    known = _known(articles, duplicates)
    fresh = (
        {"article": articles, "known": known}
        | "articles with marks" >> beam.CoGroupByKey()
        | "mark"
        >> beam.MapTuple(lambda place, found: (place, (*found["article"], bool(found["known"]))))
    )
    repeated = (
        fresh
        | "paragraphs" >> beam.FlatMapTuple(_paragraphs)
        | "same hash" >> beam.GroupByKey()
        | "later ones" >> beam.FlatMapTuple(_later)
    )
    kept = (
        {"article": fresh, "repeated": repeated}
        | "articles with repeats" >> beam.CoGroupByKey()
        | "leave out" >> beam.ParDo(_LeaveOut()).with_outputs(COUNTS, main="")
    )
    return kept[""], kept[COUNTS]


def _known(articles, duplicates: Duplicates):
    """Articles -> (place, True) of those that are nearly an earlier one."""
    if not duplicates.similarity:
        return articles | "none" >> beam.FlatMap(lambda article: ())
    return (
        articles
        | "bands" >> beam.FlatMap(_bands, *duplicates.bands())
        | "same band" >> beam.GroupByKey()
        | "near" >> beam.FlatMap(_near, duplicates.similarity)
        | "once" >> beam.Distinct()
        | "known" >> beam.Map(lambda place: (place, True))
    )


def _bands(
    item: tuple[Place, Extracted], bands: int, rows: int
) -> Iterator[tuple[tuple[int, bytes], tuple[Place, bytes]]]:
    """Yields (band, (place, signature)) of an article that has a signature."""
    place, article = item
    signature = np.frombuffer(article.signature, "<u2")
    if (signature != NONE).any():
        for band in range(bands):
            numbers = signature[band * rows : (band + 1) * rows]
            yield (band, numbers.tobytes()), (place, article.signature)


def _near(
    item: tuple[tuple[int, bytes], Iterable[tuple[Place, bytes]]], similarity: float
) -> Iterator[Place]:
    """Yields the places of those that are near one of the earliest of a band before them."""
    _, group = item
    earliest = heapq.nsmallest(COMPARED, group)
    if len(earliest) < 2:
        return
    places = [place for place, _ in earliest]
    signatures = np.array([np.frombuffer(signature, "<u2") for _, signature in earliest])
    for place, signature in group:
        before = signatures[: sum(other < place for other in places)]
        same = (before == np.frombuffer(signature, "<u2")).mean(axis=1)
        if (same >= similarity).any():
            yield place


def _paragraphs(
    place: Place, article: tuple[Extracted, bool]
) -> Iterator[tuple[bytes, tuple[Place, int]]]:
    """Yields (hash, (place, number)) of the paragraphs of an article that is not known."""
    extracted, known = article
    if not known:
        for number in range(len(extracted.hashes) // 8):
            value = extracted.hashes[8 * number : 8 * number + 8]
            if any(value):
                yield value, (place, number)


def _later(value: bytes, places: Iterable[tuple[Place, int]]) -> Iterator[tuple[Place, int]]:
    """Yields the places of all paragraphs of a hash but the earliest."""
    earliest = min(places)
    for place in places:
        if place != earliest:
            yield place


class _LeaveOut(beam.DoFn):
    """(place, an article and its repeated paragraphs) -> (split, key, place, line); counts."""

    def process(self, element: tuple[Place, dict[str, Any]]) -> Iterator[Any]:
        place, found = element
        ((article, known),) = found["article"]
        fact = Fact(*np.frombuffer(article.fact, FACTS)[0].tolist())
        counts = GroupedCounts()
        repeated = np.zeros(fact.paragraphs, bool)
        repeated[list(found["repeated"])] = True
        line = without_repeats(article.line, fact, known, repeated, counts)
        yield from _tagged(counts)
        if line:
            yield fact.split, fact.key.to_bytes(8, "big"), place, line


def _shard(
    article: tuple[int, bytes, Place, bytes], shards, sizes: dict[str, int]
) -> tuple[ShardNumber, Keyed]:
    """Gives an article its shard: ((split, number, of how many), (key, place, line))."""
    split, key, place, line = article
    count = shards.count(SPLITS[split], sizes[SPLITS[split]])
    return (split, int.from_bytes(key, "big") * count >> 64, count), (key, place, line)


def _write(
    item: tuple[ShardNumber, Iterable[Keyed]], shards, folder: Path
) -> tuple[tuple[int, str], dict[str, Any]]:
    """Writes a shard; returns ((split, name), what the manifest says of it)."""
    (split, number, count), articles = item
    name = shards.name(SPLITS[split], number, count)
    lines = [line for _, _, line in sorted(articles)]
    digest = shards.write(folder / name, lines)
    size = (folder / name).stat().st_size
    return (split, name), {"articles": len(lines), "bytes": size, "sha256": digest}


def _finish(request: dict[str, Any], folder: Path, shards, sizes, counts, written) -> None:
    """Writes shards that got no article, and the manifest."""
    totals = GroupedCounts()
    for (group, name), number in counts.items():
        totals[group][name] += number
    files: dict[str, Files] = {split: {} for split in SPLITS}
    for (split, name), facts in written.items():
        files[SPLITS[split]][name] = facts
    for split, name in enumerate(SPLITS):
        count = shards.count(name, sizes.get(name, 0))
        for number in range(count):
            if shards.name(name, number, count) not in files[name]:
                _, facts = _write(((split, number, count), []), shards, folder)
                files[name][shards.name(name, number, count)] = facts
    write_manifest(folder, request, "", totals, files)
