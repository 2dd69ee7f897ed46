"""Tests how processors are shared, in processes that have computed nothing yet."""

import os
import subprocess
import sys

COUNT = min(2, len(os.sched_getaffinity(0)))
SHARED = """
import os
import tensorflow as tf
from seq2seq.text_batches import answered
from seq2seq.threads import batches_at_once, share_between_batches, threads_of_a_batch
import threading
import numpy as np

{before}
at_once = share_between_batches({threads})
meeting = threading.Barrier(at_once, timeout=60)

def answer(texts):
    meeting.wait()  # for as many batches as run at once
    return [text.upper() for text in texts]

told = []
texts = list("abcdefgh")
found = list(answered(texts, lambda items: np.ones(len(items), int), answer, 1, told.append))
intra = tf.config.threading.get_intra_op_parallelism_threads()
print(at_once, batches_at_once(), intra, threads_of_a_batch())
print("".join(found), sum(told))
"""


def told(threads=1, before="", processors=2):
    done = subprocess.run(
        [sys.executable, "-c", SHARED.format(threads=threads, before=before)],
        env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"},
        preexec_fn=lambda: os.sched_setaffinity(
            0, set(sorted(os.sched_getaffinity(0))[:processors])
        ),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


def test_each_processor_has_a_batch_of_its_own_and_answers_keep_their_order():
    assert told() == [f"{COUNT} {COUNT} 1 1", "ABCDEFGH 8"]


def test_what_has_computed_already_goes_on_batch_by_batch():
    assert told(before="tf.ones(1) + 1") == [f"1 1 0 {COUNT}", "ABCDEFGH 8"]


def test_one_processor_has_one_batch():
    assert told(processors=1) == ["1 1 1 1", "ABCDEFGH 8"]
