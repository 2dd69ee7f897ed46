"""Every optimizer that a recipe may name works in the trainer."""

import keras
import numpy as np
import pytest
import small_task

from seq2seq.recipe import OPTIMIZERS
from seq2seq.training.checkpoints import Checkpoints, Progress
from seq2seq.training.schedules import Constant, Scaled, rescale
from seq2seq.training.trainer import Trainer

OPTIONS = {"sgd": {"momentum": 0.9}, "adamw": {"weight_decay": 0.1}, "adam": {"use_ema": True}}


def values(trainer):
    return [np.asarray(keras.ops.convert_to_tensor(variable)) for variable in trainer.variables]


@pytest.mark.parametrize("kind", sorted(OPTIMIZERS))
def test_an_optimizer_learns_and_is_restored_bit_for_bit(kind, tmp_path):
    rate = Scaled(Constant(0.05, warmup=2))
    optimizer = OPTIMIZERS[kind](learning_rate=rate, **OPTIONS.get(kind, {}))
    trainer, checkpoints = Trainer(small_task.Tiny(), optimizer=optimizer), Checkpoints(tmp_path)
    _, *batch = next(small_task.make_batches(1))
    losses = [trainer.update([batch]).loss for _ in range(4)]
    assert losses[-1] < losses[1]
    rescale(optimizer, 0.5)
    checkpoints.save(trainer, Progress(4))
    trainer.update([batch])
    wanted = values(trainer)
    rescale(optimizer, 0.5)
    trainer.update([batch])
    checkpoints.restore(trainer)
    trainer.update([batch])
    for variable, left, right in zip(trainer.variables, values(trainer), wanted):
        np.testing.assert_array_equal(left, right, variable.path)
