"""The position-wise network of a Transformer."""

import keras
from keras import ops

from seq2seq.layers.dense import Dense
from seq2seq.layers.dropout import Dropout

# Half of what "gated" widens is multiplied by the other half instead.
ACTIVATIONS = {"relu": ops.relu, "gelu": ops.gelu, "gated": None}


@keras.saving.register_keras_serializable(package="seq2seq")
class FeedForward(keras.layers.Layer):
    """Widens, bends and narrows each position: [..., units] -> [..., units].

    Vaswani et al. (2017), section 3.3. "gated" is SwiGLU of Shazeer (2020): one half of the wide
    layer, through SiLU, multiplies the other.
    """

    def __init__(
        self, units: int, hidden: int, activation: str = "relu", dropout: float = 0.0, **kwargs
    ):
        super().__init__(**kwargs)
        self.units = units
        self.hidden = hidden
        self.activation = activation
        self.dropout = dropout
        wide = 2 * hidden if activation == "gated" else hidden
        bend = ACTIVATIONS[activation]
        self.widen = Dense(wide, bend, dtype=self.dtype_policy, name="widen")
        self.narrow = Dense(units, dtype=self.dtype_policy, name="narrow")
        self.drop = Dropout(dropout, dtype=self.dtype_policy)

    def build(self, shape):
        self.widen.build(shape)
        self.narrow.build((*shape[:-1], self.hidden))
        self.built = True

    def call(self, inputs):
        wide = self.widen(inputs)
        if self.activation == "gated":
            gate, wide = ops.split(wide, 2, axis=-1)
            wide = ops.silu(gate) * wide
        return self.narrow(self.drop(wide))

    def get_config(self):
        names = ("units", "hidden", "activation", "dropout")
        return super().get_config() | {name: getattr(self, name) for name in names}
