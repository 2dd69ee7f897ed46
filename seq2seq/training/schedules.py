"""Learning rates over training: each starts with a linear warm-up."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="seq2seq")
class InverseSquareRoot(keras.optimizers.schedules.LearningRateSchedule):
    """Rises to `peak` in `warmup` updates, then falls as 1 / sqrt(update).

    Vaswani et al. (2017), section 5.3, with the peak stated outright. peak 1e-3 and warmup 4000:
    update 2000 -> 5e-4, 4000 -> 1e-3, 16000 -> 5e-4.

    Raises:
        ValueError: warmup < 1.
    """

    def __init__(self, peak: float = 1e-3, warmup: int = 4000):
        if warmup < 1:
            raise ValueError(f"warmup = {warmup}: choose 1 update or more, since the fall needs it")
        self.peak = peak
        self.warmup = warmup

    def __call__(self, step):
        update = ops.cast(step, "float32") + 1.0
        return self.peak * ops.minimum(update / self.warmup, ops.sqrt(self.warmup / update))

    def get_config(self):
        return {"peak": self.peak, "warmup": self.warmup}


@keras.saving.register_keras_serializable(package="seq2seq")
class Linear(keras.optimizers.schedules.LearningRateSchedule):
    """Rises to `peak` in `warmup` updates, then falls in a line to `final` at update `steps`.

    steps 10, peak 1e-3 and warmup 2: update 1 -> 5e-4, 2 -> 1e-3, 6 -> 5e-4, 10 and later -> 0.

    Raises:
        ValueError: warmup < 0 or warmup >= steps.
    """

    def __init__(self, steps: int, peak: float = 1e-3, warmup: int = 4000, final: float = 0.0):
        if not 0 <= warmup < steps:
            raise ValueError(f"warmup = {warmup} of steps = {steps}: choose 0 <= warmup < steps")
        self.steps = steps
        self.peak = peak
        self.warmup = warmup
        self.final = final

    def __call__(self, step):
        update = ops.cast(step, "float32") + 1.0
        left = (self.steps - update) / (self.steps - self.warmup)
        falling = self.final + (self.peak - self.final) * ops.clip(left, 0.0, 1.0)
        rising = self.peak * update / max(1, self.warmup)
        return ops.minimum(rising, falling)

    def get_config(self):
        names = ("steps", "peak", "warmup", "final")
        return {name: getattr(self, name) for name in names}


SCHEDULES = {"inverse_square_root": InverseSquareRoot, "linear": Linear}
