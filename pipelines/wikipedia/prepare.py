"""Wikipedia dump -> a folder of shards, whole or not there at all."""

import errno
from pathlib import Path
from typing import Any

from pipelines.wikipedia.counts import GroupedCounts
from pipelines.wikipedia.dump import Dump
from pipelines.wikipedia.duplicates import Totals, find_duplicates
from pipelines.wikipedia.extraction import Work, read_fingerprints
from pipelines.wikipedia.manifest import SPLITS, Files, read_manifest, write_manifest
from pipelines.wikipedia.plan import Plan
from pipelines.wikipedia.preparation import Preparation
from pipelines.wikipedia.progress import Progress, Watch
from pipelines.wikipedia.reading import DumpRead, read_dump
from pipelines.wikipedia.request import describe
from pipelines.wikipedia.scattering import RunOfChunks, Shard, gather, scatter
from pipelines.wikipedia.sources.open_source import open_source
from pipelines.wikipedia.sources.source import Source
from pipelines.wikipedia.unfinished import Unfinished, require_same
from pipelines.wikipedia.workers import Workers

FULL = (errno.ENOSPC, errno.EDQUOT)


def prepare(
    dump: str | Path,
    output: Path,
    preparation: Preparation = Preparation(),
    processes: int = 1,
    watch: Watch = lambda progress: None,
) -> dict[str, Any]:
    """Writes a dump's articles, or those of another source, to shards; returns the manifest.

    dump: path of a dump, or what `open_source` knows: JSON lines, a folder of text, tfds:wiki40b/en

    What an earlier call left unfinished is gone on with; the shards are the same, byte by byte,
    however often it was killed, and for any number of processes. A finished folder is left as it
    is. Of a damaged dump, all before the fault is prepared: "complete" is then false in the
    manifest, and "damage" says what broke.

    Raises:
        ValueError: `output` or its unfinished work is of another dump or other options; the dump
            holds no articles.
        OSError: the disk is full, or fails otherwise; nothing is lost.
    """
    output = Path(output)
    # Two processes can make articles of what one thread unpacks.
    source = open_source(dump) or Dump(dump, threads=max(1, processes // 2))
    request = describe(source, preparation)
    try:
        if output.exists():
            return _finished(output, request)
        with Unfinished(output, request) as unfinished:
            work = Work(unfinished.folder, source.site, preparation, source.read)
            with Workers(processes, work) as workers:
                manifest = _phases(source, work, workers, request, watch)
            unfinished.publish(output)
    except OSError as error:
        if error.errno not in FULL:
            raise
        hint = "make room, and give the same command again: it goes on from there"
        raise OSError(error.errno, f"no space is left for {output}; {hint}") from None
    return manifest


def _finished(output: Path, request: dict[str, Any]) -> dict[str, Any]:
    manifest = read_manifest(output)
    found = {name: manifest.get(name) for name in request}
    require_same(request, found, f"{output} is there already, made", "name another folder")
    Unfinished.remove_rest(output)  # of a call that was killed after publishing
    return manifest


def _phases(
    source: Source, work: Work, workers: Workers, request: dict[str, Any], watch: Watch
) -> dict[str, Any]:
    read = read_dump(source, work, workers, watch)
    if not sum(read.bytes.values()):
        raise ValueError(f"{source.path} holds no articles ({read.damage or 'it is whole'})")
    plan = Plan.of(len(read.articles), read.bytes, work.preparation.shards)
    runs = _find_duplicates(work, plan, read, watch)
    counts = GroupedCounts()
    counts.add(read.counts)
    for done, header in enumerate(workers.map(scatter, runs), 1):
        counts.add(header["counts"])
        watch(Progress("scattering articles", done, len(runs)))
    files = _gather(plan, workers, watch)
    _remove_strays(work.folder / "folder", files)
    return write_manifest(work.folder / "folder", request, read.damage, counts, files)


def _find_duplicates(work: Work, plan: Plan, read: DumpRead, watch: Watch) -> list[RunOfChunks]:
    """Finds what has something earlier; returns the runs with the numbers that it goes by."""
    totals = Totals(sum(read.articles), sum(read.paragraphs))
    pairs = list(enumerate(read.articles))
    watch(Progress("finding duplicates", 0, 0))
    find_duplicates(
        work.duplicates,
        totals,
        lambda: (read_fingerprints(work, chunk, articles) for chunk, articles in pairs),
        work.preparation.duplicates,
    )
    watch(Progress("finding duplicates", 1, 1))
    runs, article, paragraph = [], 0, 0
    for number, chunks in plan.runs():
        articles = read.articles[chunks.start : chunks.stop]
        runs.append(RunOfChunks(plan, number, chunks, articles, Totals(article, paragraph)))
        article += sum(articles)
        paragraph += sum(read.paragraphs[chunks.start : chunks.stop])
    return runs


def _gather(plan: Plan, workers: Workers, watch: Watch) -> dict[str, Files]:
    """Writes all shards; returns what the manifest says of each, by split and name."""
    files: dict[str, Files] = {split: {} for split in SPLITS}
    shards = [
        Shard(plan, split, number)
        for split, count in enumerate(plan.shards)
        for number in range(count)
    ]
    gathered = workers.map(gather, shards, ahead=1)
    for done, (shard, (name, facts)) in enumerate(zip(shards, gathered), 1):
        files[SPLITS[shard.split]][name] = facts
        watch(Progress("writing shards", done, len(shards)))
    return files


def _remove_strays(folder: Path, files: dict[str, Files]) -> None:
    """Removes what a killed process left half-written."""
    known = {name for each in files.values() for name in each}
    for path in folder.iterdir():
        if path.name not in known:
            path.unlink()
