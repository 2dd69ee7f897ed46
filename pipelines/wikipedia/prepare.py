"""Wikipedia dump -> a folder of shards, whole or not there at all."""

import dataclasses
import errno
import hashlib
import json
import re
from pathlib import Path
from typing import Any

from pipelines.whole_files import write_whole
from pipelines.wikipedia.counts import GroupedCounts
from pipelines.wikipedia.dump import Dump
from pipelines.wikipedia.duplicates import Totals, find_duplicates
from pipelines.wikipedia.extraction import Work, read_fingerprints
from pipelines.wikipedia.manifest import FORMAT, LICENCE, MANIFEST, SPLITS, read_manifest
from pipelines.wikipedia.plan import Plan
from pipelines.wikipedia.preparation import Preparation
from pipelines.wikipedia.progress import Progress, Watch
from pipelines.wikipedia.reading import DumpRead, read_dump
from pipelines.wikipedia.scattering import RunOfChunks, Shard, gather, scatter
from pipelines.wikipedia.unfinished import Unfinished, require_same
from pipelines.wikipedia.workers import Workers

FULL = (errno.ENOSPC, errno.EDQUOT)


def prepare(
    dump: Path,
    output: Path,
    preparation: Preparation = Preparation(),
    processes: int = 1,
    watch: Watch = lambda progress: None,
) -> dict[str, Any]:
    """Writes a dump's articles to shards in `output`; returns the manifest.

    What an earlier call left unfinished is gone on with; the shards are the same, byte by byte,
    however often it was killed, and for any number of processes. A finished folder is left as it
    is. Of a damaged dump, all before the fault is prepared: "complete" is then false in the
    manifest, and "damage" says what broke.

    Raises:
        ValueError: `output` or its unfinished work is of another dump or other options; the dump
            holds no articles.
        OSError: the disk is full, or fails otherwise; nothing is lost.
    """
    dump, output = Path(dump), Path(output)
    source = Dump(dump, threads=processes)
    request = _request(source, preparation)
    try:
        if output.exists():
            return _finished(output, request)
        with Unfinished(output, request) as unfinished:
            work = Work(unfinished.folder, source.site, preparation)
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


def _request(source: Dump, preparation: Preparation) -> dict[str, Any]:
    """Describes a dump and what is asked to become of it, as the manifest does."""
    path, site = source.path, source.site
    named = re.match(r"(?:([a-z]\w*)-)?(?:(\d{8})|latest)-", path.name)
    size = path.stat().st_size
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        digest.update(file.read(1 << 20))
        file.seek(max(0, size - (1 << 20)))
        digest.update(file.read())
    return {
        "format": FORMAT,
        "dump": {
            "name": path.name,
            "wiki": named[1] if named else None,
            "date": named[2] if named else None,
            "bytes": size,
            "fingerprint": digest.hexdigest(),  # of its first and last 2**20 bytes
            "schema": site.version,
            "language": site.language,
        },
        "options": dataclasses.asdict(preparation),
    }


def _phases(
    source: Dump, work: Work, workers: Workers, request: dict[str, Any], watch: Watch
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
    manifest = _manifest(request, read, counts, files)
    _publishable(work.folder / "folder", files, manifest)
    return manifest


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


def _gather(plan: Plan, workers: Workers, watch: Watch) -> dict[str, dict[str, Any]]:
    """Writes all shards; returns what the manifest says of each, by split and name."""
    files: dict[str, dict[str, Any]] = {split: {} for split in SPLITS}
    shards = [
        Shard(plan, split, number)
        for split, count in enumerate(plan.shards)
        for number in range(count)
    ]
    for done, (shard, (name, facts)) in enumerate(zip(shards, workers.map(gather, shards)), 1):
        files[SPLITS[shard.split]][name] = facts
        watch(Progress("writing shards", done, len(shards)))
    return files


def _manifest(request, read: DumpRead, counts: GroupedCounts, files) -> dict[str, Any]:
    splits = {
        split: {
            "articles": counts[split]["articles"],
            "paragraphs": counts[split]["paragraphs"],
            "sentences": counts[split]["sentences"],
            "files": files[split],
        }
        for split in SPLITS
    }
    rest = {group: numbers for group, numbers in counts.plain().items() if group not in SPLITS}
    return request | {
        "complete": not read.damage,
        "damage": read.damage,
        "licence": LICENCE,
        "counts": rest,
        "splits": splits,
    }


def _publishable(folder: Path, files: dict[str, dict[str, Any]], manifest) -> None:
    """Writes the manifest, and removes what a killed process left half-written."""
    known = {name for each in files.values() for name in each}
    for path in folder.iterdir():
        if path.name not in known:
            path.unlink()
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    write_whole(folder / MANIFEST, f"{text}\n")
