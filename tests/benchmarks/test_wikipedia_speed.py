"""Times the preparation of a dump beside others: `make benchmark`.

From dump to written shards, in MB of XML a second, in turns. What has one core is timed by its
processor, which other work on the machine disturbs less than the clock. gensim's is its
segment_wiki function, which keeps sections of text in memory. Set WIKIEXTRACTOR to the command
of wikiextractor 3.1 to have it run too, such as "wikiextractor --no-templates"; DUMPS to more
dumps, parted by ":".
"""

import bz2
import gzip
import os
import re
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from gensim.test.utils import datapath

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
ENGLISH = datapath("enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2")
DUMPS = [ENGLISH, *filter(None, os.environ.get("DUMPS", "").split(":"))]
TURNS = 5
COPIES = 30  # enough for starting processes not to count
# Each program tells the seconds of its work, without its imports, by the clock and the processor.
OURS = """
import re, sys, time
from pathlib import Path
from pipelines.wikipedia.duplicates import Duplicates
from pipelines.wikipedia.preparation import Preparation
from pipelines.wikipedia.prepare import prepare
if __name__ == "__main__":
    dump, output, processes, unique = sys.argv[1:]
    duplicates = Duplicates() if unique == "unique" else Duplicates(paragraph=0, similarity=0)
    began = time.perf_counter(), time.process_time()
    prepare(Path(dump), Path(output), Preparation(duplicates=duplicates), int(processes))
    took = time.perf_counter() - began[0], time.process_time() - began[1]
    # By VmHWM: getrusage counts what the parent held as well.
    print(*took, re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])
"""
GENSIM = """
import bz2, gzip, sys, time
from gensim.scripts.segment_wiki import extract_page_xmls, segment
began = time.process_time()
with {"bz2": bz2, "gz": gzip}[sys.argv[1].rpartition(".")[2]].open(sys.argv[1], "rb") as file:
    pages = [segment(page) for page in extract_page_xmls(file)]
print(0, time.process_time() - began)
"""
UNPACKING = """
import bz2, gzip, sys, time
began = time.process_time()
with {"bz2": bz2, "gz": gzip}[sys.argv[1].rpartition(".")[2]].open(sys.argv[1], "rb") as file:
    while file.read(1 << 20):
        pass
print(0, time.process_time() - began)
"""
WIKIEXTRACTOR = """
import resource, shlex, subprocess, sys
options = ["-o", "-", "--text", "-q", "--processes", "1", "--discard_empty", "-ns", "0"]
command = [*shlex.split(sys.argv[2]), sys.argv[1], *options]
subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(0, used.ru_utime + used.ru_stime)
"""


CLOCK, PROCESSOR, MEMORY = 0, 1, 2


def measured(by, cores, program, *arguments):
    """Runs a program on some cores -> the seconds it tells, or the most kB it had."""
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return float(done.stdout.split()[by])


def in_turns(ways):
    """Times ways, {name: function of a turn} -> of each turn {name: seconds}."""
    return [{name: way(turn) for name, way in ways.items()} for turn in range(TURNS)]


def median(turns, name, beside=None):
    """Returns median seconds, or times what stands beside: machines slow down for a while."""
    return statistics.median(turn[name] / (turn[beside] if beside else 1) for turn in turns)


def xml(dump):
    opened = {".bz2": bz2, ".gz": gzip}[Path(dump).suffix].open
    with opened(dump, "rb") as file:
        return file.read()


@pytest.mark.parametrize("dump", DUMPS, ids=lambda path: Path(path).name[:20])
def test_a_dump_is_prepared_faster_than_by_others(dump, tmp_path):
    core = {min(os.sched_getaffinity(0))}
    ways = {
        "ours": lambda turn: measured(
            PROCESSOR, core, OURS, dump, tmp_path / str(turn), 1, "unique"
        ),
        "gensim": lambda turn: measured(PROCESSOR, core, GENSIM, dump),
        "unpacking alone": lambda turn: measured(PROCESSOR, core, UNPACKING, dump),
    }
    command = os.environ.get("WIKIEXTRACTOR")
    if command:
        ways["wikiextractor"] = lambda turn: measured(PROCESSOR, core, WIKIEXTRACTOR, dump, command)
    turns, megabytes = in_turns(ways), len(xml(dump)) / 1e6
    print(f"\n{Path(dump).name}, {megabytes:.1f} MB of XML, medians of {TURNS} in turns, one core:")
    times = {name: median(turns, name, beside="ours") for name in ways}
    for name, each in times.items():
        print(f"{name}: {megabytes / median(turns, name):.2f} MB/s, {each:.2f} times ours")
    assert times["gensim"] > 3
    if command:
        assert times["wikiextractor"] > 2


def enlarge(path, copies):
    """Writes the English dump with its pages so many times over, each time under other titles."""
    whole = xml(ENGLISH)
    begin, end = whole.index(b"<page>"), whole.rindex(b"</mediawiki>")
    pack = bz2.compress if path.suffix == ".bz2" else bytes
    with open(path, "wb") as file:
        file.write(pack(whole[:begin]))
        for copy in range(copies):
            title = rb"<title>\1 (copy %d)</title>" % copy
            file.write(pack(re.sub(rb"<title>([^<]*)</title>", title, whole[begin:end])))
        file.write(pack(whole[end:]))
    return path


def test_two_processes_on_two_cores_are_almost_twice_as_fast_as_one(tmp_path):
    first, second, *_ = sorted(os.sched_getaffinity(0))
    dump = enlarge(tmp_path / "large.xml.bz2", COPIES)

    def prepared(name, cores, processes):
        return measured(CLOCK, cores, OURS, dump, tmp_path / name, processes, "all")

    def apart(turn):
        """Times two programs that know nothing of each other: what the machine can give."""
        with ThreadPoolExecutor(2) as pool:
            alone = lambda core: prepared(f"apart-{turn}-{core}", {core}, 1)
            return max(pool.map(alone, (first, second))) / 2

    ways = {
        "one": lambda turn: prepared(f"one-{turn}", {(first, second)[turn % 2]}, 1),
        "two": lambda turn: prepared(f"two-{turn}", {first, second}, 2),
        "two apart": apart,
    }
    turns, megabytes = in_turns(ways), len(xml(dump)) / 1e6
    times = {name: median(turns, "one", beside=name) for name in ways}
    for name, each in times.items():
        print(f"\n{name}: {megabytes / median(turns, name):.1f} MB/s, {each:.2f} times one")
    assert times["two"] > 1.8


def test_memory_is_flat_from_6_megabytes_to_a_gigabyte(tmp_path):
    most = []
    for copies in (1, 165):
        dump = enlarge(tmp_path / f"{copies}.xml", copies)
        cores = os.sched_getaffinity(0)
        most.append(measured(MEMORY, cores, OURS, dump, tmp_path / str(copies), 1, "all"))
        dump.unlink()
    print(f"\nat most {most[0] / 1000:.0f} MB for 6 MB of XML, {most[1] / 1000:.0f} MB for 1 GB")
    assert most[1] < 1.1 * most[0]
