"""Keeps freed memory in the process."""

import ctypes
import platform

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
