"""The frame round each part of a Transformer layer."""

import keras

from seq2seq.layers.dropout import Dropout
from seq2seq.layers.layer_normalization import LayerNormalization
from seq2seq.layers.unit_normalization import UnitNormalization

NORMALIZATIONS = {
    "layer": lambda **kwargs: LayerNormalization(epsilon=1e-6, **kwargs),
    "rms": lambda **kwargs: keras.layers.RMSNormalization(epsilon=1e-6, **kwargs),
    "unit": lambda **kwargs: UnitNormalization(epsilon=1e-6, **kwargs),
}


@keras.saving.register_keras_serializable(package="seq2seq")
class Residual(keras.layers.Layer):
    """Adds what a part says to what it was given, with dropout and normalisation.

    order "pre":  x + drop(part(norm(x))), Xiong et al. (2020), section 3.3
    order "post": norm(x + drop(part(x))), Vaswani et al. (2017), section 3.1
    """

    def __init__(
        self, order: str = "pre", normalization: str = "layer", dropout: float = 0.0, **kwargs
    ):
        super().__init__(**kwargs)
        self.order = order
        self.normalization = normalization
        self.dropout = dropout
        self.norm = NORMALIZATIONS[normalization](dtype=self.dtype_policy, name="norm")
        self.drop = Dropout(dropout, dtype=self.dtype_policy)

    def build(self, inputs_shape, said_shape=None):
        self.norm.build(inputs_shape)
        self.built = True

    def enter(self, inputs):
        """Returns what the part shall read."""
        return self.norm(inputs) if self.order == "pre" else inputs

    def call(self, inputs, said):
        """Returns the sum of the inputs and what the part said of `enter(inputs)`."""
        together = inputs + self.drop(said)
        return together if self.order == "pre" else self.norm(together)

    def get_config(self):
        names = ("order", "normalization", "dropout")
        return super().get_config() | {name: getattr(self, name) for name in names}
