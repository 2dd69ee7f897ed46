"""Peak memory of reading a dump: the same for one of 6 MB and the same pages 165 times over."""

import bz2
import subprocess
import sys

import pytest
from gensim.test.utils import datapath

ENGLISH = datapath("enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2")
TIMES = 165  # 1 GB of XML
# In a process of its own, by VmHWM: getrusage counts what its parent held as well.
READ = """
import re, sys
from pathlib import Path
from pipelines.wikipedia.dump import Dump
from pipelines.wikipedia.page import parse_pages
dump = Dump(sys.argv[1], threads=int(sys.argv[2]))
pages = sum(1 for chunk in dump.chunks() for page in parse_pages(chunk, dump.site))
print(pages, re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.slow
# Of the few blocks of the small dump, two threads do not hold as many at once as they may.
@pytest.mark.parametrize("threads, growth", [(1, 1.1), (2, 1.25)])
def test_memory_is_flat_from_6_megabytes_to_a_gigabyte(threads, growth, tmp_path):
    with bz2.open(ENGLISH) as file:
        xml = file.read()
    begin, end = xml.index(b"  <page>"), xml.rindex(b"</mediawiki>")
    pages = bz2.compress(xml[begin:end])
    with open(tmp_path / "large.bz2", "wb") as file:
        file.write(bz2.compress(xml[:begin]))
        for _ in range(TIMES):
            file.write(pages)
        file.write(bz2.compress(xml[end:]))
    small, large = (peak(path, threads) for path in (ENGLISH, tmp_path / "large.bz2"))
    print(f"{threads} threads: {small[1]} kB for {len(xml)} bytes, {large[1]} kB for {TIMES} times")
    assert large[0] == TIMES * small[0]
    assert large[1] < growth * small[1]


def peak(path, threads):
    """Returns how many pages there are, and the most memory used to read them, in kB."""
    run = [sys.executable, "-c", READ, str(path), str(threads)]
    pages, kilobytes = subprocess.run(run, capture_output=True, check=True).stdout.split()
    return int(pages), int(kilobytes)
