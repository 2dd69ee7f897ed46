"""Learning rates over training: each starts with a linear warm-up.

To add one, write it here and name it in SCHEDULES.
"""

import inspect
import math

import keras
from keras import ops


class _Warmed(keras.optimizers.schedules.LearningRateSchedule):
    """Rises to `peak` in a line over `warmup` updates; `_then` says what comes after.

    Updates count from 1, where the optimizer counts from 0: the first one is made at step 0.
    """

    def __init__(self, peak: float, warmup: int):
        if warmup < 0:
            raise ValueError(f"warmup = {warmup}: choose 0 updates (none) or more")
        self.peak = peak
        self.warmup = warmup

    def __call__(self, step):
        update = ops.cast(step, "float32") + 1.0
        rising = self.peak * update / max(1, self.warmup)
        return ops.minimum(rising, self._then(update))

    def _then(self, update):
        """Returns the rate after the warm-up; before its end, any that is not below the peak."""
        raise NotImplementedError

    @property
    def plateau(self) -> dict | None:
        """What `LowerOnPlateau` is told of when to lower this rate; None where nothing does."""
        return None

    def get_config(self):
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}


class _Falling(_Warmed):
    """Is at `peak` when the warm-up ends and at `final` from update `steps` on."""

    def __init__(self, steps: int, peak: float, warmup: int, final: float):
        if not 0 <= warmup < steps:
            raise ValueError(f"warmup = {warmup} of steps = {steps}: choose 0 <= warmup < steps")
        if not 0 <= final <= peak:
            raise ValueError(f"final = {final}: choose 0 <= final <= peak, which is {peak}")
        super().__init__(peak, warmup)
        self.steps = steps
        self.final = final

    def _left(self, update):
        """Returns what share of the fall is left: 1 until the warm-up ends, 0 from `steps` on."""
        return ops.clip((self.steps - update) / (self.steps - self.warmup), 0.0, 1.0)


@keras.saving.register_keras_serializable(package="seq2seq")
class InverseSquareRoot(_Warmed):
    """Rises to `peak` in `warmup` updates, then falls as 1 / sqrt(update).

    Vaswani et al. (2017), section 5.3, with the peak stated outright. peak 1e-3 and warmup 4000:
    update 2000 -> 5e-4, 4000 -> 1e-3, 16000 -> 5e-4.

    Raises:
        ValueError: warmup < 1.
    """

    def __init__(self, peak: float = 1e-3, warmup: int = 4000):
        if warmup < 1:
            raise ValueError(f"warmup = {warmup}: choose 1 update or more, since the fall needs it")
        super().__init__(peak, warmup)

    def _then(self, update):
        return self.peak * ops.sqrt(self.warmup / update)


@keras.saving.register_keras_serializable(package="seq2seq")
class Noam(InverseSquareRoot):
    """Is scale * units^-0.5 * min(update^-0.5, update * warmup^-1.5).

    Vaswani et al. (2017), section 5.3, equation 3: `InverseSquareRoot` whose peak follows from the
    model's width, `units`. units 512 and warmup 4000: update 1 -> 1.75e-7, 4000 -> 6.99e-4 (the
    peak), 16000 -> 3.49e-4.

    Raises:
        ValueError: units < 1 or warmup < 1.
    """

    def __init__(self, units: int, warmup: int = 4000, scale: float = 1.0):
        if units < 1:
            raise ValueError(f"units = {units}: give the model's width")
        super().__init__(scale / math.sqrt(units * max(1, warmup)), warmup)
        self.units = units
        self.scale = scale


@keras.saving.register_keras_serializable(package="seq2seq")
class Linear(_Falling):
    """Rises to `peak` in `warmup` updates, then falls in a line to `final` at update `steps`.

    steps 10, peak 1e-3 and warmup 2: update 1 -> 5e-4, 2 -> 1e-3, 6 -> 5e-4, 10 and later -> 0.

    Raises:
        ValueError: warmup < 0, warmup >= steps, or final not from 0 to peak.
    """

    def __init__(self, steps: int, peak: float = 1e-3, warmup: int = 4000, final: float = 0.0):
        super().__init__(steps, peak, warmup, final)

    def _then(self, update):
        return self.final + (self.peak - self.final) * self._left(update)


@keras.saving.register_keras_serializable(package="seq2seq")
class Cosine(_Falling):
    """Rises to `peak` in `warmup` updates, then falls along half a cosine to `final` at `steps`.

    Loshchilov & Hutter (2017), equation 5, without restarts. steps 10, peak 1e-3 and warmup 2:
    update 1 -> 5e-4, 2 -> 1e-3, 4 -> 8.54e-4, 6 -> 5e-4, 8 -> 1.46e-4, 10 and later -> 0.

    Raises:
        ValueError: warmup < 0, warmup >= steps, or final not from 0 to peak.
    """

    def __init__(self, steps: int, peak: float = 1e-3, warmup: int = 4000, final: float = 0.0):
        super().__init__(steps, peak, warmup, final)

    def _then(self, update):
        share = (1.0 - ops.cos(math.pi * self._left(update))) / 2.0
        return self.final + (self.peak - self.final) * share


@keras.saving.register_keras_serializable(package="seq2seq")
class Constant(_Warmed):
    """Rises to `peak` in `warmup` updates and stays there.

    peak 1e-3 and warmup 4: update 1 -> 2.5e-4, 4 and later -> 1e-3.

    Raises:
        ValueError: warmup < 0.
    """

    def __init__(self, peak: float = 1e-3, warmup: int = 4000):
        super().__init__(peak, warmup)

    def _then(self, update):
        return ops.full_like(update, self.peak)


@keras.saving.register_keras_serializable(package="seq2seq")
class Plateau(Constant):
    """Is `Constant`, lowered by `factor` after each `patience` rounds without a better metric.

    The lowering is `LowerOnPlateau`'s, which looks at the metric; it never goes below the share
    `least` of this schedule. peak 1e-3, factor 0.5, least 0.3: 1e-3, 5e-4, 3e-4, 3e-4.

    Raises:
        ValueError: warmup < 0, patience < 1, or factor or least not from 0 to 1.
    """

    def __init__(
        self,
        peak: float = 1e-3,
        warmup: int = 4000,
        factor: float = 0.5,
        patience: int = 2,
        least: float = 0.01,
    ):
        super().__init__(peak, warmup)
        if not 0 < factor < 1:
            raise ValueError(f"factor = {factor}: choose 0 < factor < 1")
        if not 0 <= least <= 1:
            raise ValueError(f"least = {least}: choose a share of the peak, 0 <= least <= 1")
        if patience < 1:
            raise ValueError(f"patience = {patience}: choose 1 round or more")
        self.factor = factor
        self.patience = patience
        self.least = least

    @property
    def plateau(self) -> dict:
        return {"factor": self.factor, "patience": self.patience, "least": self.least}


SCHEDULES = {
    "inverse_square_root": InverseSquareRoot,
    "linear": Linear,
    "cosine": Cosine,
    "constant": Constant,
    "noam": Noam,
    "plateau": Plateau,
}


@keras.saving.register_keras_serializable(package="seq2seq")
class Scaled(keras.optimizers.schedules.LearningRateSchedule):
    """Multiplies a schedule by a variable, `scale`, which is 1 until someone lowers it.

    Make it in the scope of the strategy that uses it. `scale` is a variable of training that
    Keras's optimizers do not list among their own: see `scale_of`.
    """

    def __init__(self, schedule: keras.optimizers.schedules.LearningRateSchedule):
        self.schedule = schedule
        self.scale = keras.Variable(1.0, trainable=False, dtype="float32", name="scale")

    def __call__(self, step):
        return self.schedule(step) * self.scale

    def get_config(self):
        return {"schedule": keras.optimizers.schedules.serialize(self.schedule)}

    @classmethod
    def from_config(cls, config):
        return cls(keras.optimizers.schedules.deserialize(config["schedule"]))


def scale_of(optimizer: keras.optimizers.Optimizer) -> keras.Variable | None:
    """Returns the variable that scales an optimizer's rate; None where the rate is not Scaled."""
    # Keras's public `learning_rate` is the rate of this moment, not the schedule.
    schedule = optimizer._learning_rate
    return schedule.scale if isinstance(schedule, Scaled) else None


def rescale(optimizer: keras.optimizers.Optimizer, ratio: float) -> None:
    """Multiplies the rate of all updates to come.

    Who lowers a rate keeps its own share of it, and multiplies by how much that share changes: so
    several may do it, and none undoes what another did.

    Raises:
        ValueError: the optimizer's rate is not Scaled.
    """
    scale = scale_of(optimizer)
    if scale is None:
        raise ValueError("the rate cannot be lowered: give the optimizer Scaled(schedule) as rate")
    scale.assign(scale * ratio)
