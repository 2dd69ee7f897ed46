"""One layer of a Transformer's decoder."""

import keras
from keras import ops

from seq2seq.layers.cross_attention import CrossAttention
from seq2seq.layers.feed_forward import FeedForward
from seq2seq.layers.residual import Residual
from seq2seq.layers.self_attention import SelfAttention


@keras.saving.register_keras_serializable(package="seq2seq")
class DecoderLayer(keras.layers.Layer):
    """Self-attention, attention to the source, feed-forward: Vaswani et al. (2017), section 3.1."""

    def __init__(self, attention: dict, network: dict, frame: dict, **kwargs):
        super().__init__(**kwargs)
        policy = {"dtype": self.dtype_policy}
        self.options = {"attention": attention, "network": network, "frame": frame}
        self.attention = SelfAttention(**attention, **policy, name="attention")
        self.reading = CrossAttention(**attention, **policy, name="reading")
        self.network = FeedForward(**network, **policy, name="network")
        self.attention_frame = Residual(**frame, **policy, name="attention_frame")
        self.reading_frame = Residual(**frame, **policy, name="reading_frame")
        self.network_frame = Residual(**frame, **policy, name="network_frame")

    def build(self, inputs_shape, visible_shape=None, memory_shape=None):
        parts = (self.attention, self.reading, self.network)
        for layer in (*parts, self.attention_frame, self.reading_frame, self.network_frame):
            layer.build(inputs_shape)
        self.built = True

    def call(self, inputs, visible, memory, turn):
        """Rows [B * T, M], visible [1, 1, T, T], memory {"keys", "values", "visible"} ->
        (rows [B * T, M], attention to the source [B, T, S])."""
        frame = self.attention_frame
        place = {"sentences": ops.shape(memory["visible"])[0], "turn": turn}
        inputs = frame(inputs, self.attention(frame.enter(inputs), visible, **place))
        return self._read(inputs, memory | {"tokens": ops.shape(visible)[-1]}, self.reading)

    def step(self, inputs, cache, place, memory, turn):
        """One position: rows [B * K, M] -> (rows [B * K, M], attention [B, K, S], next cache).

        The K hypotheses of a sentence read its memory as if they were positions.
        """
        frame = self.attention_frame
        said, cache = self.attention.step(frame.enter(inputs), cache, place, turn)
        memory = memory | {"tokens": place["tokens"]}
        return *self._read(frame(inputs, said), memory, self.reading.step), cache

    def _read(self, inputs, memory, reading):
        frame = self.reading_frame
        said, weights = reading(frame.enter(inputs), **memory)
        inputs = frame(inputs, said)
        frame = self.network_frame
        return frame(inputs, self.network(frame.enter(inputs))), weights

    def get_config(self):
        return super().get_config() | self.options
