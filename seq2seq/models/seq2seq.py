"""The contract of a model: encode once, then decode a whole target or step through it."""

import inspect

import keras

from pipelines.special_tokens import PAD
from seq2seq.layers.rows import choose_rows, rows_of, take_rows


class Seq2Seq(keras.Model):
    """An encoder-decoder: {"source": [B, S], "target": [B, T]} ids -> logits [B, T, V].

    PAD ids are no tokens: they change nothing, wherever a row has them at its end. Memory is a
    nested dict of tensors with a row a sentence, and never changes. State is what changes at each
    position: unless a model has its own `follow` and `pack`, a nested dict of tensors with a row a
    hypothesis. Dropout follows Keras's call context: it is on inside `model(inputs, training=True)`
    and nowhere else.
    """

    def encode(self, source):
        """Reads source [B, S] -> memory, a nested dict of tensors [B, ...]."""
        raise NotImplementedError

    def features(self, source):
        """Reads source [B, S] -> what the encoder makes of each id, vectors [B, S, M]."""
        raise NotImplementedError

    def decode(self, target, memory):
        """Predicts what follows each of target [B, T], START first -> logits [B, T, V]."""
        return self.decode_with_attention(target, memory)[0]

    def decode_with_attention(self, target, memory):
        """Predicts as `decode` and shows what was read -> (logits [B, T, V], weights [B, T, S]).

        The weights of a position are its shares of the source's tokens, in float32.
        """
        raise NotImplementedError

    def begin(self, memory, hypotheses=1, room=0):
        """Makes the state before the first token, for K hypotheses a sentence and `room` steps."""
        raise NotImplementedError

    def step(self, token, position, state, memory):
        """Predicts one token: token [R], position -> (logits [R, V], the next state).

        The position is a scalar or, of one hypothesis a sentence, each row's own [R]. R is a
        multiple of the B rows of memory: the R/B hypotheses of a sentence lie side by side.
        """
        logits, _, following = self.look(token, position, state, memory)
        return logits, following

    def look(self, token, position, state, memory):
        """Predicts as `step` and shows by what -> (logits [R, V], shown, the next state).

        Shown are "attention" [R, S], the shares of the source's tokens in float32, and "vectors"
        [R, M], which the logits are products of.
        """
        raise NotImplementedError

    def guess(self, token, position, state, memory):
        """Predicts as `step`, at less cost: what is not quite the same may do."""
        return self.step(token, position, state, memory)

    def read(self, tokens, position, state, memory):
        """Predicts what follows each of N tokens, of one hypothesis a sentence.

        tokens [R, N], position of the first [R] -> (logits [R, N, V], the states after each).
        """
        logits, states = [], []
        for place in range(tokens.shape[1]):
            said, state = self.step(tokens[:, place], position + place, state, memory)
            logits.append(said)
            states.append(state)
        return keras.ops.stack(logits, axis=1), states

    def rewind(self, states, count):
        """Goes back to the states after the first `count` tokens read, int [R] from 1 to N."""
        return choose_rows(states, count - 1)

    def follow(self, state, parent):
        """Lets hypotheses go on from others of their sentences: parent int [R] -> the state."""
        return take_rows(state, parent)

    def pack(self, state, sentences, hypotheses, room):
        """Keeps the state of some sentences, int [N], with room for so many more steps."""
        return take_rows(state, rows_of(sentences, hypotheses))

    def vocabulary_weights(self):
        """Names the weights with an entry a token: {use: (side, axis of tokens, weight)}.

        Uses that share a weight, as tied embeddings do, name it each, the most telling one first.
        """
        raise NotImplementedError

    def call(self, inputs, training=False):
        # Keras's symbolic calls hand over floats.
        source, target = (keras.ops.cast(inputs[side], "int32") for side in ("source", "target"))
        return self.decode(target, self.encode(source))

    def build(self, input_shape=None):
        """Makes all weights, by a symbolic call over one row."""
        if self.built:
            return
        ids = lambda: keras.KerasTensor((1, 2), dtype="int32")
        self.compute_output_spec({"source": ids(), "target": ids()})
        self.built: bool = True

    def get_config(self):
        """Returns the constructor's arguments: each is kept as an attribute of the same name."""
        names = inspect.signature(type(self)).parameters.keys() - {"kwargs"}
        policy = keras.dtype_policies.serialize(self.dtype_policy)
        return {"name": self.name, "dtype": policy} | {name: getattr(self, name) for name in names}


def is_token(ids):
    """Tells tokens from padding: ids [B, T] -> bool [B, T], True = a real token."""
    return keras.ops.not_equal(ids, PAD)


def require_one_vocabulary(model):
    """Checks a model whose two sides share embeddings, or ids that are copied.

    Raises:
        ValueError: its vocabularies differ.
    """
    if (model.tied == "all" or model.copying) and (
        model.source_vocabulary != model.target_vocabulary
    ):
        raise ValueError(
            'tied = "all" and copying need one vocabulary for source and target; these have '
            f"{model.source_vocabulary} and {model.target_vocabulary} ids: share the tokenizer"
        )
