"""An end to calls that never return."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

# Ends a process, and says so, unless standard input is closed first: by that process, or its end.
GUARD = """
import os, select, signal, sys
process, seconds, message = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
signal.signal(signal.SIGINT, signal.SIG_IGN)
if not select.select([sys.stdin], [], [], seconds)[0]:
    print(message, file=sys.stderr, flush=True)
    os.kill(process, signal.SIGKILL)
"""


@contextlib.contextmanager
def deadline(seconds: float, message: str) -> Iterator[None]:
    """Ends this process with a message if a block takes longer.

    A process of its own waits for that: a call into TensorFlow that does not let go of Python stops
    all threads and signal handlers of this one.
    """
    command = [sys.executable, "-I", "-S", "-c", GUARD, str(os.getpid()), str(seconds), message]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as guard:
        try:
            yield
        finally:
            guard.kill()
