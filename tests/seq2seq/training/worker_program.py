"""One of several workers, started by test_distribution: does what is asked, writes what it saw."""

import json
import os
import signal
import sys
import time
from pathlib import Path

import keras
import numpy as np

from seq2seq.losses import LabelSmoothedCrossEntropy
from seq2seq.training.checkpoints import Checkpoints
from seq2seq.training.cluster import Cluster
from seq2seq.training.distribution import agreed, by_chief, make_strategy, part_of
from seq2seq.training.peer_watch import PeerWatch
from seq2seq.training.trainer import Trainer

UPDATES, CLIP, SMOOTHING = 20, 0.05, 0.1
# See test_trainer: weights without a gradient must not be moved by rounding errors.
ADAM = {"learning_rate": 1e-2, "epsilon": 1e-4, "use_ema": True, "ema_momentum": 0.9}


def make_trainer(strategy):
    import small_task

    with strategy.scope():
        model, optimizer = small_task.make_model(), keras.optimizers.Adam(**ADAM)
    return Trainer(model, LabelSmoothedCrossEntropy(SMOOTHING), optimizer, strategy, CLIP)


def part_of_batches(accumulated, part):
    """Makes batches in so many pieces, and takes a worker's rows of each."""
    import small_task
    import tensorflow as tf

    for _, *batch in small_task.make_batches(UPDATES):
        rows = [slice(piece, None, accumulated) for piece in range(accumulated)]
        own = lambda side, piece: side[piece][part.index :: part.count]
        yield [tf.nest.map_structure(lambda side: own(side, piece), batch) for piece in rows]


def train(trainer, accumulated, part):
    """Makes all updates -> values of all variables, then loss, tokens and norm of each update."""
    first = values(trainer)
    told = [trainer.update(pieces)[:3] for pieces in part_of_batches(accumulated, part)]
    found = [*values(trainer), np.array(told)]
    for variable, value in zip(trainer.variables, first):
        variable.assign(value)
    return found


def values(trainer):
    return [np.array(keras.ops.convert_to_tensor(each)) for each in trainer.variables]


def talk(strategy, index):
    """Lets workers agree and hear from the chief -> what each heard."""

    def fail():
        raise OSError("no space left")

    heard = {
        "all": agreed(strategy, True),
        "some": agreed(strategy, index == 0),
        "none": agreed(strategy, False),
        "chief": by_chief(strategy, lambda: {"from": index, "umlaut": "ü" * 500, "pi": 0.1 + 0.2}),
    }
    try:
        by_chief(strategy, fail)
    except Exception as error:
        heard["failed"] = f"{type(error).__name__}: {error}"
    return heard


class Interrupt(keras.callbacks.Callback):
    """Presses Ctrl-C when the third update has ended."""

    def on_train_batch_end(self, batch, logs=None):
        if batch == 2:
            signal.raise_signal(signal.SIGINT)


def interrupted(trainer, folder, last):
    """Trains until the last of the workers is interrupted -> what all say."""
    import small_task

    callbacks = [Interrupt()] if last else []
    checkpoints = Checkpoints(folder)
    given = {"steps": 50, "every": 20, "checkpoints": checkpoints, "callbacks": callbacks}
    try:
        trainer.fit(small_task.make_batches(50), **given)
    except KeyboardInterrupt as stopped:
        return str(stopped)


def main(folder):
    signal.signal(signal.SIGINT, signal.default_int_handler)
    strategy = make_strategy("multi_worker")
    part, cluster = part_of(strategy), Cluster.of_environment()
    last = part.index == part.count - 1
    trainer = make_trainer(strategy)
    for accumulated in (1, 2):
        np.savez(folder / f"{part.index}-{accumulated}", *train(trainer, accumulated, part))
    heard = talk(strategy, part.index)
    heard["interrupted"] = interrupted(trainer, folder / "checkpoints", last)
    (folder / f"{part.index}.json").write_text(json.dumps(heard))
    with PeerWatch(cluster, every=0.5, patience=2.0).watching():
        if last:
            time.sleep(1.0)
            os.kill(os.getpid(), signal.SIGKILL)
        agreed(strategy, True)  # waits for the one that will never come


if __name__ == "__main__":
    main(Path(sys.argv[1]))
