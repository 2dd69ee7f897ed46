"""Writes small dumps for tests; as a program, prepares one and is killed on the way.

small_dump.py DUMP OUTPUT [EVENT ...]: prepares DUMP once for each EVENT, each time in a process of
its own that dies with its nth event, which is the opening, renaming or removing of a file; then
once more to the end. "each" N stands for every Nth event there is, each in an OUTPUT of its own.
"""

import itertools
import os
import signal
import sys
from pathlib import Path

from pipelines.wikipedia import plan
from pipelines.wikipedia import prepare as module
from pipelines.wikipedia.dump import Dump
from pipelines.wikipedia.preparation import Preparation
from pipelines.wikipedia.shards import Shards

PAGE = (
    "<page><title>{0}</title><ns>{1}</ns><id>{2}</id>{4}"
    "<revision><text>{3}</text></revision></page>"
)
EVENTS = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir"}


def write_dump(path, articles=60):
    """Writes articles, a redirect and a talk page."""
    pages = [
        PAGE.format(
            f"Dog {n}", 0, n, f"Dog {n} barks at noon. Dog {n} runs.\n\nCats hate dog {n}.", ""
        )
        for n in range(articles)
    ]
    pages += [
        PAGE.format("Hound", 0, 1001, "This is a redirect.", '<redirect title="Dog 1"/>'),
        PAGE.format("Talk:Dog 1", 1, 1002, "This is some talk.", ""),
    ]
    path.write_text(f"<mediawiki>{''.join(pages)}</mediawiki>")
    return path


def make_small():
    """Makes chunks, runs, buckets and shards small, so that there are several of each."""
    module.Dump = lambda path, threads: Dump(path, threads, chunk_bytes=1000)
    plan.LEAST, plan.PIECE = 2000, 100


SMALL = Preparation(shards=Shards(megabytes=0.004))


def prepare_and_die(dump, output, event):
    """Prepares in a process that dies with its nth event; says whether it lived to the end."""
    child = os.fork()
    if not child:
        left = itertools.count(event, -1)

        def die(name, _):
            if name in EVENTS and next(left) == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(die)
        module.prepare(dump, output, SMALL)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


if __name__ == "__main__":
    make_small()
    dump, output, *events = sys.argv[1:]
    if events[0] == "each":
        for event in itertools.count(step=int(events[1])):
            if prepare_and_die(Path(dump), Path(output, str(event)), event):
                break
            module.prepare(Path(dump), Path(output, str(event)), SMALL)
    else:
        for event in events:
            prepare_and_die(Path(dump), Path(output), int(event))
        module.prepare(Path(dump), Path(output), SMALL)
