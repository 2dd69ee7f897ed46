"""The training loop: exact updates under any strategy."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import keras
import tensorflow as tf

from pipelines.batches import Position
from seq2seq.losses import LabelSmoothedCrossEntropy
from seq2seq.metrics import Perplexity, TokenAccuracy
from seq2seq.training.checkpoints import Checkpoints, Progress

IDS, FLOATS = (tf.TensorSpec([None, None], dtype) for dtype in (tf.int32, tf.float32))
BATCH = [{"source": IDS, "target": IDS}, IDS, FLOATS]


class Trainer:
    """Trains a model so that an update is the same on any number of replicas.

    Each replica takes the gradient of the summed loss over its rows and counts its tokens; both
    are added up over the replicas, then divided, then clipped, then applied once.

    Args:
        model: a `Seq2Seq`, made inside `strategy.scope()`.
        loss: gives each token's loss [B, T].
        optimizer: any Keras optimizer, made inside the scope; its `use_ema` averages weights,
            which then are validated and saved.
        strategy: none, or a `tf.distribute.Strategy` whose replicas divide the rows of batches.
        clip: the largest global norm of a gradient; 0 lets any pass.
    """

    def __init__(
        self,
        model,
        loss: keras.losses.Loss | None = None,
        optimizer: keras.optimizers.Optimizer | None = None,
        strategy: tf.distribute.Strategy | None = None,
        clip: float = 1.0,
    ):
        self.model = model
        self.strategy = strategy or tf.distribute.get_strategy()
        self.loss = loss or LabelSmoothedCrossEntropy()
        self.clip = clip
        with self.strategy.scope():
            self.optimizer = optimizer or keras.optimizers.Adam(1e-3)
            self.optimizer.build(model.trainable_variables)
        # The gradients are already summed when they are applied: Keras would sum them again.
        self.optimizer._all_reduce_sum_gradients = lambda gradients: gradients
        self.model.optimizer = self.optimizer
        self.update = tf.function(self._update, input_signature=BATCH)
        self._measure = tf.function(self._measured, input_signature=BATCH)

    @property
    def variables(self) -> list:
        """All that an update changes: weights, random states, optimizer state."""
        return [*self.model.variables, *self.optimizer.variables]

    def _update(self, inputs, labels, weights):
        """Makes one update -> (summed loss, tokens, norm of the gradient before clipping)."""
        replicas = self.strategy.num_replicas_in_sync
        each = self.strategy.run(self._replica_update, (inputs, labels, weights, replicas))
        return [self.strategy.experimental_local_results(value)[0] for value in each]

    def _replica_update(self, inputs, labels, weights, replicas):
        context = tf.distribute.get_replica_context()
        # Rows are sorted by length: taking every nth gives the replicas equal work.
        first = context.replica_id_in_sync_group
        inputs, labels, weights = tf.nest.map_structure(
            lambda rows: rows[first::replicas], (inputs, labels, weights)
        )
        variables = self.model.trainable_variables
        with tf.GradientTape() as tape:
            logits = self.model(inputs, training=True)
            loss = tf.reduce_sum(self.loss.call(labels, logits) * weights)
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
        totals = [*gradients, loss, tf.reduce_sum(weights)]
        *gradients, loss, tokens = context.all_reduce(tf.distribute.ReduceOp.SUM, totals)
        gradients = [gradient / tokens for gradient in gradients]
        norm = tf.linalg.global_norm(gradients)
        if self.clip:
            gradients, _ = tf.clip_by_global_norm(gradients, self.clip, norm)
        self.optimizer.apply(gradients, variables)
        return loss, tokens, norm

    def _measured(self, inputs, labels, weights):
        """Returns logits [B, T, V] and the summed loss."""
        logits = self.model(inputs, training=False)
        return logits, tf.reduce_sum(self.loss.call(labels, logits) * weights)

    def validate(self, batches: Iterable) -> dict[str, float]:
        """Measures loss, token accuracy and perplexity over batches, with averaged weights."""
        accuracy, perplexity, total, tokens = TokenAccuracy(), Perplexity(), 0.0, 0.0
        with self.averaged():
            for inputs, labels, weights in batches:
                logits, loss = self._measure(inputs, labels, weights)
                accuracy.update_state(labels, logits, weights)
                perplexity.update_state(labels, logits, weights)
                total += float(loss)
                tokens += float(tf.reduce_sum(weights))
        return {
            "loss": total / max(tokens, 1.0),
            "accuracy": float(accuracy.result()),
            "perplexity": float(perplexity.result()),
        }

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Puts the averaged weights into the model for a while, where the optimizer keeps them."""
        averages = getattr(self.optimizer, "_model_variables_moving_average", None)
        if not averages or not int(self.optimizer.iterations):
            yield
            return
        variables = self.model.trainable_variables
        kept = [tf.identity(variable.value) for variable in variables]
        try:
            for variable, average in zip(variables, averages):
                variable.assign(average)
            yield
        finally:
            for variable, value in zip(variables, kept):
                variable.assign(value)

    def save_weights(self, path: Path) -> None:
        """Writes the weights to use, averaged where training averages."""
        # Keras would write the optimizer's state beside them, twice their size.
        self.model.optimizer = None
        try:
            with self.averaged():
                self.model.save_weights(path)
        finally:
            self.model.optimizer = self.optimizer

    def fit(
        self,
        batches: Iterable,
        steps: int,
        every: int = 1000,
        validate: Callable[[], dict] = dict,
        checkpoints: Checkpoints | None = None,
        callbacks: Iterable[keras.callbacks.Callback] = (),
        minutes: float = float("inf"),
        progress: Progress | None = None,
    ) -> Progress:
        """Trains until `steps` updates, `minutes` of updating, a callback's or Ctrl-C's stop.

        A round of `every` updates is what callbacks know as an epoch: it ends with
        `validate()`, whose metrics they see as val_..., and with a checkpoint.

        Args:
            batches: (position [2], inputs, labels, weights), as `positioned_batches` makes them.
            progress: where to go on from, as `Checkpoints.restore` returns it.

        Raises:
            KeyboardInterrupt: Ctrl-C. The update in hand and a checkpoint were made first.
        """
        progress = progress or Progress()
        told = keras.callbacks.CallbackList(list(callbacks), model=self.model)
        rounds = _Rounds(self, progress, every, validate, checkpoints, told)
        self.model.stop_training = False
        with _interrupted_softly(self.model) as interrupted:
            rounds.train(batches, steps, minutes, interrupted)
        if interrupted.is_set():
            how = "; the same command goes on" if checkpoints else ""
            raise KeyboardInterrupt(f"stopped at update {progress.step}{how}")
        return progress


class _Rounds:
    """Counts updates and ends a round every so many."""

    def __init__(self, trainer, progress, every, validate, checkpoints, callbacks):
        self.trainer = trainer
        self.progress = progress
        self.every = every
        self.validate = validate
        self.checkpoints = checkpoints
        self.callbacks = callbacks
        self.sums = None

    def train(self, batches, steps, minutes, interrupted):
        """Makes all updates, and ends the round in hand after the last."""
        self.callbacks.on_train_begin()
        try:
            for place, *batch in batches if self.left(steps, minutes) else ():
                self.update(place, batch)
                if not self.left(steps, minutes):
                    break
            self.end(interrupted.is_set())
        finally:
            self.callbacks.on_train_end()

    def left(self, steps, minutes) -> bool:
        """Tells whether there is more to train."""
        progress = self.progress
        time_is_left = progress.seconds < 60 * minutes
        return progress.step < steps and time_is_left and not self.trainer.model.stop_training

    def update(self, place, batch):
        """Makes one update, and ends the round where it is the round's last."""
        if self.sums is None:
            self.sums = [0.0, 0.0]
            self.callbacks.on_epoch_begin(self.progress.step // self.every)
        began = time.perf_counter()
        self.callbacks.on_train_batch_begin(self.progress.step)
        loss, tokens, norm = (float(value) for value in self.trainer.update(*batch))
        self.sums = [self.sums[0] + loss, self.sums[1] + tokens]
        progress = self.progress
        progress.step += 1
        progress.target_tokens += int(tokens)
        progress.position = Position(int(place[0]), int(place[1]) + 1)
        progress.seconds += time.perf_counter() - began
        logs = {"loss": loss / max(tokens, 1.0), "tokens": tokens, "norm": norm}
        self.callbacks.on_train_batch_end(progress.step - 1, logs)
        if progress.step % self.every == 0:
            self.end()

    def end(self, hurried=False):
        """Ends a round that has begun; who is in a hurry gets a checkpoint without validation."""
        if self.sums is None:
            return
        loss, tokens = self.sums
        self.sums = None
        self.progress.metrics = {} if hurried else self.validate()
        if self.checkpoints:
            self.checkpoints.save(self.trainer, self.progress)
        if hurried:
            return
        validated = {f"val_{name}": value for name, value in self.progress.metrics.items()}
        number = (self.progress.step - 1) // self.every
        self.callbacks.on_epoch_end(number, {"loss": loss / max(tokens, 1.0)} | validated)


@contextlib.contextmanager
def _interrupted_softly(model) -> Iterator[threading.Event]:
    """Lets the first Ctrl-C end the update in hand; a second one interrupts at once."""
    interrupted = threading.Event()

    def stop(*_):
        interrupted.set()
        model.stop_training = True
        signal.signal(signal.SIGINT, before)

    try:
        before = signal.signal(signal.SIGINT, stop)
    except ValueError:  # not the main thread: signals are someone else's
        yield interrupted
        return
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)
