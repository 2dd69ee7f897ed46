"""Peak memory of reading a dump: flat from megabytes to a gigabyte of the same pages."""

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
# Two threads hold some blocks ahead, more than 6 MB have.
@pytest.mark.parametrize("threads, times", [(1, 1), (2, 10)])
def test_memory_is_flat_to_a_gigabyte(threads, times, tmp_path):
    small, large = (repeated(tmp_path / f"{n}.bz2", n) for n in (times, TIMES))
    (few, little), (many, much) = peak(small, threads), peak(large, threads)
    print(f"{threads} threads: {little} kB for {6 * times} MB of XML, {much} kB for {6 * TIMES}")
    assert many * times == few * TIMES
    assert much < 1.1 * little


def repeated(path, times):
    """Writes the English dump with its pages so many times over."""
    with bz2.open(ENGLISH) as file:
        xml = file.read()
    begin, end = xml.index(b"  <page>"), xml.rindex(b"</mediawiki>")
    pages = bz2.compress(xml[begin:end])
    with open(path, "wb") as file:
        file.write(bz2.compress(xml[:begin]) + pages)
        for _ in range(times - 1):
            file.write(pages)
        file.write(bz2.compress(xml[end:]))
    return path


def peak(path, threads):
    """Returns how many pages there are, and the most memory used to read them, in kB."""
    run = [sys.executable, "-c", READ, str(path), str(threads)]
    pages, kilobytes = subprocess.run(run, capture_output=True, check=True).stdout.split()
    return int(pages), int(kilobytes)
