"""The training loss."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="seq2seq")
class LabelSmoothedCrossEntropy(keras.losses.Loss):
    """Measures logits [B, T, V] against labels int [B, T], without a one-hot.

    Szegedy et al. (2016), section 7: the right token gets 1 - smoothing of the probability and
    all V tokens share the rest, so with z the logits the loss of a token is
    logsumexp(z) - (1 - smoothing) z[label] - smoothing mean(z).

    Called with weights [B, T] as `sample_weight` it is their mean over real tokens; `call` gives
    each token's loss [B, T].
    """

    def __init__(self, smoothing: float = 0.1, reduction="mean_with_sample_weight", **kwargs):
        super().__init__(reduction=reduction, **kwargs)
        if not 0.0 <= smoothing < 1.0:
            raise ValueError(f"smoothing is a share of probability in [0, 1), not {smoothing}")
        self.smoothing = smoothing

    def call(self, labels, logits):
        return cross_entropy(labels, logits, self.smoothing)

    def get_config(self):
        return super().get_config() | {"smoothing": self.smoothing}


def cross_entropy(labels, logits, smoothing=0.0):
    """Returns each token's loss: labels int [B, T], logits [B, T, V] -> float32 [B, T].

    The gradient is written out: what differentiation makes of picking z[label] is a sum over
    segments that took a tenth of a training step.
    """
    vocabulary = logits.shape[-1]
    labels = ops.cast(labels, "int32")

    @ops.custom_gradient
    def losses(logits):
        scores = ops.cast(logits, "float32")
        right = ops.take_along_axis(scores, labels[..., None], axis=-1)[..., 0]
        highest = ops.max(scores, axis=-1, keepdims=True)
        shares = ops.exp(scores - highest)  # of probability, up to their sum
        sums = ops.sum(shares, axis=-1)
        total = ops.log(sums) + highest[..., 0]

        def gradient(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            least = smoothing / vocabulary
            slope = shares * (upstream / sums)[..., None] - (least * upstream)[..., None]
            flat = ops.reshape(ops.cast(slope, logits.dtype), (-1, vocabulary))
            at_label = (ops.exp(right - total) - least - (1.0 - smoothing)) * upstream
            rows = ops.arange(ops.shape(flat)[0])
            places = ops.stack([rows, ops.reshape(labels, (-1,))], axis=1)
            exact = ops.cast(ops.reshape(at_label, (-1,)), logits.dtype)
            return ops.reshape(ops.scatter_update(flat, places, exact), ops.shape(logits))

        wanted = (1.0 - smoothing) * right + smoothing * ops.mean(scores, axis=-1)
        return total - wanted, gradient

    return losses(logits)
