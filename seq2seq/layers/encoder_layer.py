"""One layer of a Transformer's encoder."""

import keras
from keras import ops

from seq2seq.layers.feed_forward import FeedForward
from seq2seq.layers.residual import Residual
from seq2seq.layers.self_attention import SelfAttention


@keras.saving.register_keras_serializable(package="seq2seq")
class EncoderLayer(keras.layers.Layer):
    """Self-attention, then a feed-forward network: Vaswani et al. (2017), section 3.1."""

    def __init__(self, attention: dict, network: dict, frame: dict, **kwargs):
        super().__init__(**kwargs)
        policy = {"dtype": self.dtype_policy}
        self.options = {"attention": attention, "network": network, "frame": frame}
        self.attention = SelfAttention(**attention, **policy, name="attention")
        self.network = FeedForward(**network, **policy, name="network")
        self.attention_frame = Residual(**frame, **policy, name="attention_frame")
        self.network_frame = Residual(**frame, **policy, name="network_frame")

    def build(self, inputs_shape, visible_shape=None):
        for layer in (self.attention, self.network, self.attention_frame, self.network_frame):
            layer.build(inputs_shape)
        self.built = True

    def call(self, inputs, visible, turn):
        """Rows [B * S, M], visible broadcastable to [B, 1, S, S] -> rows [B * S, M]."""
        frame, place = self.attention_frame, {"sentences": ops.shape(visible)[0], "turn": turn}
        inputs = frame(inputs, self.attention(frame.enter(inputs), visible, **place))
        frame = self.network_frame
        return frame(inputs, self.network(frame.enter(inputs)))

    def get_config(self):
        return super().get_config() | self.options
