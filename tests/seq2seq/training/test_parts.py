import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from seq2seq.training.parts import by_parts, cut

SHARED = """
import tensorflow as tf
from seq2seq.training.parts import parts_of, share_between_parts
share_between_parts()
intra = tf.config.threading.get_intra_op_parallelism_threads()
print(parts_of(replicas=1), parts_of(replicas=2), intra)
"""


@pytest.mark.parametrize("processors", [1, 2])
def test_a_process_of_one_replica_has_a_part_for_each_processor(processors):
    cores = set(sorted(os.sched_getaffinity(0))[:processors])
    done = subprocess.run(
        [sys.executable, "-c", SHARED],
        env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"},
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.split() == [str(len(cores)), "1", "1"], done.stderr[-2000:]


@pytest.mark.parametrize("rows, wanted", [(4, [2, 2]), (5, [2, 3]), (1, [0, 1])])
def test_parts_are_even_and_hold_all_rows(rows, wanted):
    batch = {"source": tf.reshape(tf.range(rows * 3), [rows, 3])}, tf.range(rows)
    parts = list(cut(batch, 2))
    assert [len(labels) for _, labels in parts] == wanted
    np.testing.assert_array_equal(tf.concat([labels for _, labels in parts], 0), range(rows))
    sources = tf.concat([inputs["source"] for inputs, _ in parts], 0)
    np.testing.assert_array_equal(sources, batch[0]["source"])


def test_a_batch_of_fewer_rows_than_parts_stays_whole():
    asked = []

    def told(parts, inputs, labels):
        asked.append(parts)
        return tf.constant(parts)

    told = by_parts(told, 3, [tf.TensorSpec([None], tf.int32)] * 2)
    found = [told(tf.range(rows), tf.range(rows)).numpy() for rows in (3, 2, 7, 1)]
    assert found == [3, 1, 3, 1] and sorted(asked) == [1, 3]
