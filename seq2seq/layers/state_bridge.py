"""From the encoder's last states to the decoder's first."""

import keras
from keras import ops

from seq2seq.layers.dense import Dense


@keras.saving.register_keras_serializable(package="seq2seq")
class StateBridge(keras.layers.Layer):
    """Makes a decoder's first states of an encoder's last ones by one dense layer with tanh.

    Bahdanau et al. (2015), section A.2.2, do so for one layer read backwards. Here each layer of
    the decoder sees all that the encoder's layers ended with, in both directions.

    states: list of dicts of [B, M], one a layer of the encoder -> dict "layer_0", ... of dicts of
    [B, units] with the same names.
    """

    def __init__(self, layers: int, units: int, **kwargs):
        # Inputs are not cast by Keras, since each part of a state keeps its own type.
        super().__init__(**{"autocast": False} | kwargs)
        self.layers = layers
        self.units = units

    def build(self, states_shape):
        self.dense = {}
        width = sum(shape[-1] for state in states_shape for shape in state.values())
        for name in states_shape[0]:
            self.dense[name] = Dense(
                self.layers * self.units, "tanh", dtype=self.dtype_policy, name=name
            )
            self.dense[name].build((None, width))
        self.built = True

    def call(self, states):
        parts = [part for state in states for part in state.values()]
        read = ops.concatenate([ops.cast(part, self.compute_dtype) for part in parts], axis=-1)
        begun = {}
        for name, like in states[0].items():
            begun[name] = ops.split(ops.cast(self.dense[name](read), like.dtype), self.layers, -1)
        return {
            f"layer_{layer}": {name: begun[name][layer] for name in begun}
            for layer in range(self.layers)
        }

    def get_config(self):
        return super().get_config() | {"layers": self.layers, "units": self.units}
