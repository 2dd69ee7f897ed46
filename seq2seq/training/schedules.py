"""Learning rates over training: each starts with a linear warm-up."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="seq2seq")
class InverseSquareRoot(keras.optimizers.schedules.LearningRateSchedule):
    """Rises to `peak` in `warmup` updates, then falls as 1 / sqrt(update).

    Vaswani et al. (2017), section 5.3, with the peak stated outright. peak 1e-3 and warmup 4000:
    update 2000 -> 5e-4, 4000 -> 1e-3, 16000 -> 5e-4.
    """

    def __init__(self, peak: float = 1e-3, warmup: int = 4000):
        self.peak = peak
        self.warmup = warmup

    def __call__(self, step):
        update = ops.cast(step, "float32") + 1.0
        return self.peak * ops.minimum(update / self.warmup, ops.sqrt(self.warmup / update))

    def get_config(self):
        return {"peak": self.peak, "warmup": self.warmup}


@keras.saving.register_keras_serializable(package="seq2seq")
class Linear(keras.optimizers.schedules.LearningRateSchedule):
    """Rises to `peak` in `warmup` updates, then falls in a line to `final` at update `steps`."""

    def __init__(self, steps: int, peak: float = 1e-3, warmup: int = 4000, final: float = 0.0):
        self.steps = steps
        self.peak = peak
        self.warmup = warmup
        self.final = final

    def __call__(self, step):
        update = ops.cast(step, "float32") + 1.0
        left = (self.steps - update) / max(1, self.steps - self.warmup)
        falling = self.final + (self.peak - self.final) * ops.clip(left, 0.0, 1.0)
        return ops.minimum(self.peak * update / self.warmup, falling)

    def get_config(self):
        names = ("steps", "peak", "warmup", "final")
        return {name: getattr(self, name) for name in names}


SCHEDULES = {"inverse_square_root": InverseSquareRoot, "linear": Linear}
