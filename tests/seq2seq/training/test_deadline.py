import signal
import subprocess
import sys

from seq2seq.training import deadline

# Regular expressions do not let go of Python: no thread and no signal handler of it runs.
STUCK = 'import re; re.match("(a|a)*b", "a" * 40)'


def run(seconds, block):
    """Runs a program that has so long for a block; the file is run alone, without TensorFlow."""
    program = f"exec(open({deadline.__file__!r}).read())\n"
    program += f"with deadline({seconds}, 'too late'): {block}\nprint('done')"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)


def test_a_block_that_holds_python_is_ended_with_a_message():
    ended = run(0.5, STUCK)
    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, "")
    assert ended.stderr == "too late\n"


def test_a_block_that_ends_in_time_goes_on_without_a_word():
    ended = run(60, "pass")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")
