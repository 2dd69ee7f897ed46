import signal
from unittest import mock

import keras
import numpy as np
import pytest
import small_task
import tensorflow as tf

from pipelines.batches import Position
from seq2seq.losses import LabelSmoothedCrossEntropy
from seq2seq.training import parts
from seq2seq.training.checkpoints import WEIGHTS, Checkpoints, Progress
from seq2seq.training.trainer import Trainer, Update
from seq2seq.training.weights_file import write_weights

UPDATES, CLIP, SMOOTHING = 20, 0.05, 0.1
# Weights that should receive no gradient receive rounding errors, which a smaller epsilon would
# make as large as real gradients: a key's bias, for one, changes no softmax.
ADAM = {"learning_rate": 1e-2, "epsilon": 1e-4, "use_ema": True, "ema_momentum": 0.9}


def values(variables):
    return [np.asarray(keras.ops.convert_to_tensor(variable)) for variable in variables]


def mirrored(replicas):
    names = [f"CPU:{number}" for number in range(replicas)]
    # Two strategies of different sizes in one process cannot both use collective operations.
    reduction = tf.distribute.ReductionToOneDevice() if replicas > 2 else None
    return tf.distribute.MirroredStrategy(names, cross_device_ops=reduction)


def make_trainer(strategy=None, clip=CLIP, **options):
    with (strategy or tf.distribute.get_strategy()).scope():
        model = small_task.make_model(**options)
        optimizer = keras.optimizers.Adam(**ADAM)
    return Trainer(model, LabelSmoothedCrossEntropy(SMOOTHING), optimizer, strategy, clip)


@pytest.fixture(scope="module")
def by_hand():
    """Trains by the definition of an update: one device, one-hot labels, each step written out."""
    model, optimizer = small_task.make_model(), keras.optimizers.Adam(**ADAM)
    variables = [variable.value for variable in model.trainable_variables]

    @tf.function(reduce_retracing=True)
    def update(inputs, labels, weights):
        with tf.GradientTape() as tape:
            logits = model(inputs, training=True)
            wanted = tf.one_hot(labels, small_task.VOCABULARY) * (1 - SMOOTHING)
            wanted += SMOOTHING / small_task.VOCABULARY
            losses = -tf.reduce_sum(wanted * tf.nn.log_softmax(logits), axis=-1)
            loss = tf.reduce_sum(losses * weights) / tf.reduce_sum(weights)
        gradients = [tf.convert_to_tensor(each) for each in tape.gradient(loss, variables)]
        norm = tf.sqrt(sum(tf.reduce_sum(each**2) for each in gradients))
        gradients = [each * tf.minimum(CLIP / norm, 1.0) for each in gradients]
        optimizer.apply(gradients, model.trainable_variables)
        return loss, norm

    told = [update(*batch) for _, *batch in small_task.make_batches(UPDATES)]
    return values([*model.variables, *optimizer.variables]), np.array(told)


@pytest.fixture(scope="module", params=[(1, 1), (2, 1), (4, 1), (1, 2), (1, 3)])
def beginning(request):
    """A trainer on so many replicas or parts, and the values of its variables at first."""
    replicas, count = request.param
    with mock.patch.object(parts, "batches_at_once", lambda: count):
        trainer = make_trainer(mirrored(replicas) if replicas > 1 else None)
    return trainer, values(trainer.variables)


@pytest.mark.parametrize("accumulated", [1, 2, 4])
def test_updates_are_exact_on_any_number_of_replicas_and_batches(beginning, accumulated, by_hand):
    weights, told = by_hand
    trainer, first = beginning
    for variable, value in zip(trainer.variables, first):
        variable.assign(value)
    found = []
    for _, *batch in small_task.make_batches(UPDATES):
        pieces = [
            tf.nest.map_structure(lambda rows: rows[piece::accumulated], batch)
            for piece in range(accumulated)
        ]
        found.append(trainer.update(pieces))
    loss, tokens, norm, accepted = np.array(found).T
    assert accepted.all()
    np.testing.assert_allclose(np.stack([loss / tokens, norm], 1), told, rtol=1e-5)
    assert norm.min() > CLIP, "the clipping must be active, or nothing is proved about it"
    for variable, left, right in zip(trainer.variables, values(trainer.variables), weights):
        error = np.abs(left - right).max() / max(np.abs(right).max(), 1e-3)
        assert error < 2e-6, (variable.path, error)


def test_an_update_that_is_not_finite_changes_nothing():
    trainer = make_trainer()
    (_, inputs, labels, weights), *_ = small_task.make_batches(1)
    before = values(trainer.variables)
    assert not trainer.update([(inputs, labels, weights * float("nan"))]).accepted
    for left, right in zip(values(trainer.variables), before):
        np.testing.assert_array_equal(left, right)


def test_an_update_without_tokens_is_refused_and_little_weight_counts_in_full():
    (_, inputs, labels, weights), *_ = small_task.make_batches(1)
    assert not make_trainer().update([(inputs, labels, tf.zeros_like(weights))]).accepted
    norms = []
    for share in (1.0, 1e-4):  # all weights together are far below 1
        norms.append(make_trainer().update([(inputs, labels, weights * share)]).norm)
    assert norms[1] == pytest.approx(norms[0], rel=1e-5)


def test_averaged_weights_are_validated_and_saved_and_put_back(tmp_path):
    trainer = make_trainer()
    batches = list(small_task.make_batches(4))
    before = trainer.validate(batch for _, *batch in batches)
    path = []
    for _, *batch in batches:
        trainer.update([batch])
        path.append(values(trainer.model.trainable_variables))
    wanted = path[0]
    for weights in path[1:]:
        wanted = [0.9 * old + 0.1 * new for old, new in zip(wanted, weights)]
    with trainer.averaged():
        for left, right in zip(values(trainer.model.trainable_variables), wanted):
            np.testing.assert_allclose(left, right, rtol=1e-4, atol=1e-6)
    trainer.save_weights(tmp_path / WEIGHTS)
    validated = trainer.validate(batch for _, *batch in batches)
    for left, right in zip(values(trainer.model.trainable_variables), path[-1]):
        np.testing.assert_array_equal(left, right)
    model = small_task.make_model()
    model.load_weights(tmp_path / WEIGHTS)
    other = Trainer(model, LabelSmoothedCrossEntropy(SMOOTHING))
    assert other.validate(batch for _, *batch in batches) == pytest.approx(validated, rel=1e-6)
    assert validated["loss"] < before["loss"] and validated["perplexity"] < before["perplexity"]


@pytest.mark.parametrize("count", [2, 3])
def test_batches_in_parts_are_validated_alike(count):
    batches = [batch for _, *batch in small_task.make_batches(2)]
    batches += [tf.nest.map_structure(lambda rows: rows[:2], batches[0])]  # fewer rows than parts
    whole = make_trainer().validate(batches)
    with mock.patch.object(parts, "batches_at_once", lambda: count):
        found = make_trainer().validate(batches)
    assert found == pytest.approx(whole, rel=1e-6)


def test_weights_are_put_back_when_validation_fails():
    trainer = make_trainer()
    trainer.optimizer.iterations.assign(1)
    kept = values(trainer.model.trainable_variables)
    with pytest.raises(RuntimeError), trainer.averaged():
        raise RuntimeError
    for left, right in zip(values(trainer.model.trainable_variables), kept):
        np.testing.assert_array_equal(left, right)


def test_saved_weights_do_not_hold_the_state_of_the_optimizer(tmp_path):
    trainer = make_trainer()
    trainer.save_weights(tmp_path / "a.weights.h5")
    write_weights(small_task.make_model(), tmp_path / "b.weights.h5")
    sizes = [(tmp_path / name).stat().st_size for name in ("a.weights.h5", "b.weights.h5")]
    assert sizes[0] == sizes[1]
    assert trainer.model.optimizer is trainer.optimizer


class Diary(keras.callbacks.Callback):
    """Writes down what it is told, and acts when the given update has ended."""

    def __init__(self, act=lambda model: None, after=0):
        super().__init__()
        self.act, self.after, self.told = act, after, []

    def on_train_begin(self, logs=None):
        self.told.append("begin")

    def on_epoch_begin(self, epoch, logs=None):
        self.told.append(f"round {epoch}")

    def on_train_batch_end(self, batch, logs=None):
        self.told.append(batch)
        if batch + 1 == self.after:
            self.act(self.model)

    def on_epoch_end(self, epoch, logs=None):
        self.told.append(("end", epoch, logs))

    def on_train_end(self, logs=None):
        self.told.append("over")


@pytest.fixture
def counter():
    """A trainer whose updates only count: loss 6 over 3 tokens."""
    trainer = make_trainer()

    def update(batches):
        trainer.optimizer.iterations.assign_add(1)
        return Update(6.0 * len(batches), 3.0 * len(batches), 1.0)

    trainer.update = update
    return trainer


def fit(trainer, folder=None, **given):
    diary = given.pop("diary", Diary())
    given = {"steps": 5, "every": 2, "validate": lambda: {"loss": 1.0}} | given
    checkpoints = Checkpoints(folder) if folder else None
    batches = small_task.make_batches(50, first=given.get("progress", Progress()).step)
    progress = trainer.fit(batches, checkpoints=checkpoints, callbacks=[diary], **given)
    return progress, diary.told


def test_rounds_end_with_validation_and_a_checkpoint(counter, tmp_path):
    progress, told = fit(counter, tmp_path)
    ended = lambda number: ("end", number, {"loss": 2.0, "val_loss": 1.0})
    first, second = ["round 0", 0, 1, ended(0)], ["round 1", 2, 3, ended(1)]
    assert told == ["begin", *first, *second, "round 2", 4, ended(2), "over"]
    assert (progress.step, progress.target_tokens) == (5, 15)
    assert progress.position == Position(0, 5)
    assert Checkpoints(tmp_path).restore(counter) == progress


def test_a_finished_run_is_not_trained_further(counter, tmp_path):
    done = Progress(step=5, seconds=1.0)
    assert fit(counter, tmp_path, progress=done) == (done, ["begin", "over"])
    assert Checkpoints(tmp_path).steps() == []


def test_time_ends_training(counter):
    assert fit(counter, minutes=0)[0].step == 0
    assert fit(counter, minutes=1, progress=Progress(step=1, seconds=59.0))[0].step == 5
    assert fit(counter, minutes=1, progress=Progress(step=1, seconds=60.0))[0].step == 1


def test_a_callback_can_stop_training(counter, tmp_path):
    stop = lambda model: setattr(model, "stop_training", True)
    progress, told = fit(counter, tmp_path, diary=Diary(stop, after=3))
    assert progress.step == 3 and told[-1] == "over"
    assert Checkpoints(tmp_path).last() == 3
    assert fit(counter, tmp_path, progress=progress)[0].step == 5


def test_early_stopping_of_keras_stops_training(counter):
    stop = keras.callbacks.EarlyStopping("val_loss", patience=2)
    batches = small_task.make_batches(50)
    given = {"steps": 50, "every": 2, "validate": lambda: {"loss": 1.0}}
    assert counter.fit(batches, callbacks=[stop], **given).step == 6


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_the_update_in_hand_and_saves(counter, tmp_path):
    before = signal.getsignal(signal.SIGINT)
    diary = Diary(lambda model: signal.raise_signal(signal.SIGINT), after=3)
    with pytest.raises(KeyboardInterrupt) as stopped:
        fit(counter, tmp_path, diary=diary)
    assert str(stopped.value) == "stopped at update 3; the same command goes on"
    assert diary.told[-2:] == [2, "over"]
    assert signal.getsignal(signal.SIGINT) is before
    progress = Checkpoints(tmp_path).restore(counter)
    assert (progress.step, progress.position, progress.metrics) == (3, Position(0, 3), {})
    assert fit(counter, tmp_path, progress=progress)[0].step == 5


@pytest.mark.usefixtures("interruptible")
def test_a_second_interrupt_interrupts_at_once(counter, tmp_path):
    diary = Diary(lambda model: [signal.raise_signal(signal.SIGINT) for _ in range(2)], after=3)
    with pytest.raises(KeyboardInterrupt):
        fit(counter, tmp_path, diary=diary)
    assert diary.told[-1] == "over"
    assert Checkpoints(tmp_path).last() == 2
