"""Updates that are the same on any number of replicas and however they are accumulated."""

import contextlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import keras
import tensorflow as tf

from seq2seq.losses import LabelSmoothedCrossEntropy
from seq2seq.metrics import Perplexity, TokenAccuracy
from seq2seq.training.checkpoints import Checkpoints, Progress
from seq2seq.training.distribution import agreed, by_chief, local_replicas, workers
from seq2seq.training.loop import Loop, interrupted_softly
from seq2seq.training.parts import by_parts, cut, parts_of
from seq2seq.training.schedules import scale_of
from seq2seq.training.weights_file import write_weights

IDS, FLOATS = (tf.TensorSpec([None, None], dtype) for dtype in (tf.int32, tf.float32))
BATCH = [{"source": IDS, "target": IDS}, IDS, FLOATS]
SCALE = tf.TensorSpec([], tf.float32)
# Gradients travel in packs: one is sent while the next is put together. Two processes on 2 cores
# exchanged 22 MB in 52 ms in packs of 4 MB, in 64 ms in a single one.
PACKED = tf.distribute.experimental.CommunicationOptions(bytes_per_pack=4 * 1024 * 1024)


class Update(NamedTuple):
    """What an update saw: summed loss, tokens, norm of the mean gradient before clipping."""

    loss: float
    tokens: float
    norm: float
    accepted: bool = True


class Trainer:
    """Trains a model so that an update is the same on any number of replicas.

    Each replica takes the gradient of the summed loss over its rows of each batch and counts its
    tokens. All are added up over the batches of an update and over the replicas, and divided by
    all tokens: the losses, where this process sees all of them, so that no pass over the gradient
    is needed, else the sums. Then they are clipped, and applied once.

    Args:
        model: a `Seq2Seq`, made inside `strategy.scope()`.
        loss: gives each token's loss [B, T].
        optimizer: any Keras optimizer, made inside the scope; its `use_ema` averages weights,
            which then are validated and saved.
        strategy: none, or a `tf.distribute.Strategy` whose replicas divide the rows of batches.
        clip: the largest global norm of a gradient; 0 lets any pass.
        guard: a `Guard`, which refuses updates; without one those that are not finite are refused.
        xla: compiles forward and backward passes, anew for each shape of a batch.
    """

    def __init__(
        self,
        model,
        loss: keras.losses.Loss | None = None,
        optimizer: keras.optimizers.Optimizer | None = None,
        strategy: tf.distribute.Strategy | None = None,
        clip: float = 1.0,
        guard=None,
        xla: bool = False,
    ):
        self.model = model
        self.strategy = strategy or tf.distribute.get_strategy()
        self.loss = loss or LabelSmoothedCrossEntropy()
        self.clip = clip
        self.guard = guard
        with self.strategy.scope():
            self.optimizer = optimizer or keras.optimizers.Adam(1e-3)
            self.optimizer.build(model.trainable_variables)
        # The gradients are already summed when they are applied: Keras would sum them again.
        self.optimizer._all_reduce_sum_gradients = lambda gradients: gradients
        self.model.optimizer = self.optimizer
        parts = parts_of(local_replicas(self.strategy))
        # A function of its own is traced once for all parts.
        shared = tf.function if parts > 1 else lambda function: function
        self._passes = tf.function(self._summed, jit_compile=True) if xla else shared(self._summed)
        self._judged = shared(self._judge)
        self.gather = by_parts(self._gather, parts, [*BATCH, SCALE])
        self._measure = by_parts(self._measured, parts, BATCH)
        self.add = tf.function(self._add)
        self.reduce = tf.function(self._reduce)
        self.apply = tf.function(self._apply)

    @property
    def variables(self) -> list:
        """All that an update changes: weights, random states, optimizer state, the rate's scale."""
        scale = scale_of(self.optimizer)
        scales = [] if scale is None else [scale]
        return [*self.model.variables, *self.optimizer.variables, *scales]

    def update(self, batches: Sequence) -> Update:
        """Makes one update from (inputs, labels, weights), one or more: each token counts alike.

        A gradient that is not finite, or that the guard refuses, changes no weight.
        """
        gradients, loss, tokens, norm = self.reduce(self.passes(batches))
        told = Update(float(loss), float(tokens), float(norm))
        if self.guard is None:
            accepted = math.isfinite(told.norm)
        else:
            mean = told.loss / max(told.tokens, 1.0)
            accepted = self.guard.accepts(mean, told.norm, batches)
        if accepted:
            self.apply(gradients, tokens, norm)
        return told._replace(accepted=accepted)

    def passes(self, batches: Sequence) -> list:
        """Runs forward and backward -> sums over the batches of an update, a replica each."""
        scale = tf.constant(1.0)
        if workers(self.strategy) == 1:
            scale /= tf.add_n([tf.reduce_sum(weights) for *_, weights in batches])
        total = self.gather(*batches[0], scale)
        for batch in batches[1:]:
            total = self.add(total, self.gather(*batch, scale))
        return total

    def agreed(self, wish: bool) -> bool:
        """Tells whether all workers wish it."""
        return agreed(self.strategy, wish)

    def by_chief(self, make: Callable[[], object]):
        """Calls make() on the chief alone -> its result, plain JSON, on every worker."""
        return by_chief(self.strategy, make)

    def _gather(self, parts, inputs, labels, weights, scale):
        """Sums over this batch, a replica each -> [gradient of each variable, loss, tokens].

        The gradient is that of the loss times the scale.
        """
        replicas = local_replicas(self.strategy)

        def own_rows(*batch):
            # Rows are sorted by length: taking every nth gives the replicas equal work.
            context = tf.distribute.get_replica_context()
            first = context.replica_id_in_sync_group % replicas
            own = tf.nest.map_structure(lambda rows: rows[first::replicas], batch)
            sums = [self._passes(*part, scale) for part in cut(own, parts)]
            return sums[0] if parts == 1 else [tf.add_n(each) for each in zip(*sums)]

        return self.strategy.run(own_rows, (inputs, labels, weights))

    def _summed(self, inputs, labels, weights, scale):
        variables = self.model.trainable_variables
        with tf.GradientTape() as tape:
            logits = self.model(inputs, training=True)
            loss = tf.reduce_sum(self.loss.call(labels, logits) * weights)
            scaled = loss * scale
        gradients = tape.gradient(scaled, [variable.value for variable in variables])
        gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
        return [*gradients, loss, tf.reduce_sum(weights)]

    def _add(self, total, more):
        return self.strategy.run(lambda *sums: tf.nest.map_structure(tf.add, *sums), (total, more))

    def _reduce(self, total):
        """Sums over the replicas -> (scaled gradients, loss, tokens, norm of the mean gradient)."""

        def reduced(total):
            context = tf.distribute.get_replica_context()
            total = [tf.identity(each) for each in total]  # now it is known where they are
            *gradients, loss, tokens = context.all_reduce(tf.distribute.ReduceOp.SUM, total, PACKED)
            return gradients, loss, tokens, tf.linalg.global_norm(gradients) / self._rest(tokens)

        gradients, *told = self.strategy.run(reduced, (total,))
        return gradients, *(self.strategy.experimental_local_results(each)[0] for each in told)

    def _rest(self, tokens):
        """Returns what scaled gradients are still to be divided by, to be those of a mean."""
        return tokens if workers(self.strategy) > 1 else tf.ones_like(tokens)

    def _apply(self, gradients, tokens, norm):
        """Divides and clips in one go, where there is anything to do, then applies."""
        factor = 1.0 / self._rest(tokens)
        if self.clip:
            factor *= tf.minimum(self.clip / norm, 1.0)

        def applied(gradients):
            scaled = lambda: [gradient * factor for gradient in gradients]
            mean = tf.cond(factor == 1.0, lambda: gradients, scaled)
            self.optimizer.apply(mean, self.model.trainable_variables)

        self.strategy.run(applied, (gradients,))

    def _measured(self, parts, inputs, labels, weights):
        """Returns logits [B, T, V] and the summed loss."""
        each = [self._judged(*part) for part in cut((inputs, labels, weights), parts)]
        logits, losses = zip(*each)
        return tf.concat(logits, axis=0), tf.add_n(losses)

    def _judge(self, inputs, labels, weights):
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
        if not averages or not self.optimizer.iterations.numpy():
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
                write_weights(self.model, path)
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
        accumulate: int = 1,
    ) -> Progress:
        """Trains until `steps` updates, `minutes` of updating, a callback's or Ctrl-C's stop.

        A round of `every` updates is what callbacks know as an epoch: it ends with
        `validate()`, whose metrics they see as val_..., and with a checkpoint.

        Args:
            batches: (position [2], inputs, labels, weights), as `positioned_batches` makes them.
            progress: where to go on from, as `Checkpoints.restore` returns it.
            accumulate: batches in an update.

        Raises:
            KeyboardInterrupt: Ctrl-C. The update in hand and a checkpoint were made first.
        """
        progress = progress or Progress()
        loop = Loop(self, progress, every, validate, checkpoints, list(callbacks))
        self.model.stop_training = False
        with interrupted_softly(self.model) as interrupted:
            loop.train(batches, steps, minutes, accumulate, interrupted)
        if interrupted.is_set():
            how = "; the same command goes on" if checkpoints else ""
            raise KeyboardInterrupt(f"stopped at update {progress.step}{how}")
        return progress
