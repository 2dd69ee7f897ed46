"""Wikipedia dump -> a folder of shards, whole or not there at all."""

import dataclasses
import errno
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.whole_files import write_whole
from pipelines.wikipedia.counts import GroupedCounts
from pipelines.wikipedia.damaged_dump import DamagedDump
from pipelines.wikipedia.dump import Dump
from pipelines.wikipedia.extraction import Work, extract, read_header
from pipelines.wikipedia.manifest import FORMAT, LICENCE, MANIFEST, SPLITS, read_manifest
from pipelines.wikipedia.plan import Plan
from pipelines.wikipedia.preparation import Preparation
from pipelines.wikipedia.scattering import RunOfChunks, Shard, gather, scatter
from pipelines.wikipedia.unfinished import Unfinished, require_same
from pipelines.wikipedia.workers import Workers

READ = "dump.json"  # what reading the dump to its end told
FULL = (errno.ENOSPC, errno.EDQUOT)


class Progress(NamedTuple):
    """How far a phase is: `done` of `total` of its own units; total 0 is not known."""

    phase: str
    done: float
    total: float
    pages: int = 0
    megabytes: float = 0  # of XML


Watch = Callable[[Progress], None]


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
    date = re.search(r"(?:^|-)(\d{8})-", path.name)
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
            "date": date[1] if date else None,
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
    path = work.folder / READ
    if not path.exists():
        write_whole(path, json.dumps(_read(source, work, workers, watch)))
    read = json.loads(path.read_bytes())
    if not sum(read["bytes"].values()):
        work_is = read["damage"] or "it is whole"
        raise ValueError(f"{source.path} holds no articles ({work_is})")
    plan = Plan.of(read["chunks"], read["last_articles"], read["bytes"], work.preparation.shards)
    counts = GroupedCounts()
    counts.add(read["counts"])
    runs = [RunOfChunks(plan, number, chunks) for number, chunks in plan.runs()]
    for done, header in enumerate(workers.map(scatter, runs), 1):
        counts.add(header["counts"])
        watch(Progress("scattering articles", done, len(runs)))
    files = _gather(plan, workers, watch)
    manifest = _manifest(request, read, counts, files)
    _publishable(work.folder / "folder", files, manifest)
    return manifest


def _read(source: Dump, work: Work, workers: Workers, watch: Watch) -> dict[str, Any]:
    """Extracts articles until the dump ends, breaks, or has given enough of them."""
    limit = work.preparation.limit
    counts, sizes, megabytes = GroupedCounts(), dict.fromkeys(SPLITS, 0), 0.0
    articles = chunks = last = 0
    damage = ""
    try:
        for header in _extracted(source, work, workers):
            chunks += 1
            last = min(header["articles"], limit - articles) if limit else header["articles"]
            articles += last
            counts.add(header["counts"])
            for split in SPLITS:
                sizes[split] += header["bytes"][split]
            megabytes += header["xml"] / 1e6
            pages = sum(counts["pages"].values())
            watch(Progress("reading pages", source.position, source.size, pages, megabytes))
            damage = header["damage"]
            if damage or articles == limit > 0:
                break
        else:
            counts["pages"]["too large"] += source.skipped
    except DamagedDump as error:
        damage = str(error)
        counts["pages"]["too large"] += source.skipped
    return {
        "chunks": chunks,
        "last_articles": last,
        "bytes": sizes,
        "counts": counts.plain(),
        "damage": damage,
    }


def _extracted(source: Dump, work: Work, workers: Workers) -> Iterator[dict[str, Any]]:
    """Yields the headers of extracted chunks, in order; those that are there are not made again."""
    first = 0
    while work.extracted(first).exists():
        yield read_header(work, first)
        first += 1
    yield from workers.map(extract, enumerate(source.chunks(first), first))


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


def _manifest(request, read, counts: GroupedCounts, files) -> dict[str, Any]:
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
        "complete": not read["damage"],
        "damage": read["damage"],
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
