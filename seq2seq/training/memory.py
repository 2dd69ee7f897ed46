"""The memory of this process and machine."""

import ctypes
import os
import platform
import resource
import sys
from pathlib import Path

# The parameters of glibc's mallopt, from malloc.h.
TRIM_THRESHOLD, TOP_PAD, MMAP_MAX = -1, -2, -4


def keep_freed_memory() -> bool:
    """Tells glibc's malloc to keep the large blocks that a training step frees for the next step.

    Giving them back means a page fault for each page of each step, which is dear in a virtual
    machine. Returns False where the C library is another one; nothing is changed then.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    wanted = {MMAP_MAX: 0, TRIM_THRESHOLD: 2**31 - 1, TOP_PAD: 2**28}
    return all([mallopt(parameter, value) == 1 for parameter, value in wanted.items()])


def peak_process_memory() -> int:
    """Returns the most bytes that this process has had in memory at once."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak  # Linux counts in kilobytes


def machine_memory() -> int:
    """Returns the bytes of memory that programs may use: the machine's, or its container's."""
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            found.append(int(Path(path).read_text()))
        except (OSError, ValueError):  # another system, or "max": no limit
            continue
    return min(found)
