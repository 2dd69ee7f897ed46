"""Weighs training with and without recomputed layers: `make benchmark`."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow
# Memory is asked of the system itself, so each side has a process of its own.
TRAIN = """
import resource, sys, time
import keras, numpy as np, tensorflow as tf
from seq2seq.models.transformer import Transformer

recompute, dtype = sys.argv[1] == "True", sys.argv[2]
model = Transformer(
    1000, 1000, encoder_layers=8, decoder_layers=8, units=256, hidden=1024, heads=4,
    dropout=0.1, attention_dropout=0.1, recompute=recompute, dtype=dtype,
)
ids = np.random.default_rng(0).integers(4, 1000, [16, 160]).astype("int32")
optimizer = keras.optimizers.SGD(0.01)
optimizer.build(model.trainable_variables)

@tf.function
def update():
    with tf.GradientTape() as tape:
        logits = model({"source": ids, "target": ids}, training=True)
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(ids, logits, True))
    variables = model.trainable_variables
    optimizer.apply(tape.gradient(loss, [variable.value for variable in variables]), variables)
    return loss

peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
update.get_concrete_function()
before = peak()
update().numpy()
times = []
for _ in range(3):
    began = time.perf_counter()
    update().numpy()
    times.append(time.perf_counter() - began)
print(peak() - before, sorted(times)[1])
"""


def train(recompute, dtype):
    """Returns what the updates added to the process's peak memory, in MiB, and seconds of one."""
    command = [sys.executable, "-c", TRAIN, str(recompute), dtype]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    memory, seconds = done.stdout.split()
    return float(memory), float(seconds)


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_recomputed_layers_take_less_memory(dtype):
    kept, time_kept = train(False, dtype)
    anew, time_anew = train(True, dtype)
    print(f"\n{dtype}: {kept:.0f} MiB and {time_kept:.2f} s an update; recomputed", end=" ")
    print(
        f"{anew:.0f} MiB and {time_anew:.2f} s: {anew / kept:.2f} and {time_anew / time_kept:.2f}"
    )
    assert anew < kept
