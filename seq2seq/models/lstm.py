"""The recurrent encoder-decoder with attention."""

from typing import Literal

import keras
from keras import ops

from seq2seq.layers.additive_attention import AdditiveAttention
from seq2seq.layers.bidirectional import Bidirectional
from seq2seq.layers.dense import Dense
from seq2seq.layers.dot_attention import DotAttention
from seq2seq.layers.dropout import Dropout
from seq2seq.layers.pointer_generator import PointerGenerator
from seq2seq.layers.recurrence import recur
from seq2seq.layers.recurrent import Recurrent
from seq2seq.layers.rows import repeat_rows
from seq2seq.layers.state_bridge import StateBridge
from seq2seq.layers.token_embedding import TokenEmbedding
from seq2seq.layers.widening import widen
from seq2seq.models.seq2seq import Seq2Seq, is_token, require_one_vocabulary


@keras.saving.register_keras_serializable(package="seq2seq")
class LSTM(Seq2Seq):
    """Reads in both directions and writes with attention.

    Bahdanau et al. (2015), Luong et al. (2015).

    The decoder's first layer reads embeddings only, and its outputs are the queries; the layers
    above read what is below and the context, as in Wu et al. (2016), section 3. Or the last
    layer's outputs are the queries, as in Luong et al. (2015), section 3.1. Either way, training
    runs over the whole target at once. Luong's attentional vector, tanh of top and context, makes
    the logits; with input feeding (section 3.3 there) it also joins the next embedding, and
    training goes position by position.

    Args:
        source_vocabulary, target_vocabulary: numbers of ids.
        embedding: width of embeddings.
        units: width of layers; each direction of the encoder has half of it.
        query: the decoder's layer that asks the attention; what is above it reads the answer.
        bridge: what the decoder begins with: "dense" makes it of the encoder's last states,
            "zero" leaves all that it knows of the source to the attention.
        tied: embeddings that share weights: "none", "target" (embedding and output), or "all"
            (source too, which needs one vocabulary).
        residual: adds what a layer reads to what it puts out, from the second layer on.
        dropout: on embeddings, between layers and on the attentional vector.
        copying: mixes in the attention over source ids (See et al. 2017); the logits are then
            log-probabilities.

    Raises:
        ValueError: two vocabularies differ that must be one, units is odd, or a stack is empty.
    """

    def __init__(
        self,
        source_vocabulary: int,
        target_vocabulary: int,
        embedding: int = 256,
        units: int = 512,
        encoder_layers: int = 1,
        decoder_layers: int = 2,
        cell: Literal["lstm", "gru"] = "lstm",
        attention: Literal["additive", "dot", "general", "scaled_dot"] = "general",
        query: Literal["first", "last"] = "first",
        bridge: Literal["dense", "zero"] = "dense",
        input_feeding: bool = False,
        residual: bool = False,
        dropout: float = 0.3,
        tied: Literal["none", "target", "all"] = "none",
        copying: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.source_vocabulary = source_vocabulary
        self.target_vocabulary = target_vocabulary
        self.embedding = embedding
        self.units = units
        self.encoder_layers = encoder_layers
        self.decoder_layers = decoder_layers
        self.cell = cell
        self.attention = attention
        self.query = query
        self.bridge = bridge
        self.input_feeding = input_feeding
        self.residual = residual
        self.dropout = dropout
        self.tied = tied
        self.copying = copying
        self._check()
        self._make_embeddings()
        self._make_encoder()
        self._make_decoder()
        self._make_output()
        self.build()

    def _check(self):
        require_one_vocabulary(self)
        if self.encoder_layers < 1 or self.decoder_layers < 1:
            raise ValueError(
                f"encoder_layers ({self.encoder_layers}) and decoder_layers "
                f"({self.decoder_layers}) must be at least 1"
            )

    def _make_embeddings(self):
        make = lambda vocabulary, name: TokenEmbedding(
            vocabulary, self.embedding, dtype=self.dtype_policy, name=name
        )
        self.target_embedding = make(self.target_vocabulary, "target_embedding")
        self.source_embedding = self.target_embedding
        if self.tied != "all":
            self.source_embedding = make(self.source_vocabulary, "source_embedding")
        self.drop = Dropout(self.dropout, dtype=self.dtype_policy)

    def _make_encoder(self):
        self.encoder = []
        for layer in range(self.encoder_layers):
            self.encoder.append(
                Bidirectional(
                    self.units, self.cell, dtype=self.dtype_policy, name=f"encoder_{layer}"
                )
            )
            self.encoder[-1].build((None, None, self.units if layer else self.embedding))

    def _make_decoder(self):
        policy = {"dtype": self.dtype_policy}
        if self.bridge == "dense":
            self.begun = StateBridge(self.decoder_layers, self.units, **policy, name="bridge")
        own = self.embedding + (self.units if self.input_feeding else 0)
        below = 2 * self.units if self.query == "first" else self.units
        self.decoder = []
        for layer in range(self.decoder_layers):
            self.decoder.append(Recurrent(self.units, self.cell, **policy, name=f"layer_{layer}"))
            self.decoder[-1].build((None, None, below if layer else own))
        self.reader = (
            AdditiveAttention(self.units, **policy, name="reader")
            if self.attention == "additive"
            else DotAttention(self.attention, **policy, name="reader")
        )
        # Keys, the second shape, are made by the layer itself.
        self.reader.build((None, None, self.units), None, (None, None, self.units))

    def _make_output(self):
        policy = {"dtype": self.dtype_policy}
        self.combine = Dense(self.units, "tanh", **policy, name="combine")
        self.output_layer = (
            Dense(self.target_vocabulary, **policy, name="output")
            if self.tied == "none"
            # Equal vectors must be of equal width to be compared.
            else Dense(self.embedding, use_bias=False, **policy, name="output")
        )
        if self.copying:
            self.pointer = PointerGenerator(dtype="float32", name="pointer")

    def encode(self, source):
        mask = is_token(source)
        features = self.drop(self.source_embedding(source))
        states: list[dict] = []
        for layer in self.encoder:
            below = self.drop(features) if states else features
            outputs, state = layer(below, mask)
            features = features + outputs if self.residual and states else outputs
            states.append(state)
        return {
            "values": features,
            "keys": self.reader.prepare(features),
            "mask": mask,
            "source": source,
            "state": self._begin(states),
        }

    def features(self, source):
        return self.encode(source)["values"]

    def _begin(self, states):
        """Makes the state before the first token, a dict of the decoder's layers."""
        if self.bridge == "dense":
            return self.begun(states)
        rows = ops.shape(states[0]["hidden"])[0]
        return {layer.name: layer.begin(rows) for layer in self.decoder}

    def decode_with_attention(self, target, memory):
        embedded = self.drop(self.target_embedding(target))
        vectors, weights, _ = self._write(embedded, self.begin(memory), memory)
        return self._logits(vectors, weights, memory), weights

    def begin(self, memory, hypotheses=1, room=0):
        state = memory["state"]
        if self.input_feeding:
            hidden = state["layer_0"]["hidden"]
            state = state | {"fed": ops.zeros_like(hidden, dtype=self.compute_dtype)}
        return repeat_rows(state, hypotheses)

    def look(self, token, position, state, memory):
        embedded = self.drop(self.target_embedding(token[:, None]))
        vectors, weights, following = self._write(embedded, state, memory)
        logits = self._logits(_group(vectors, memory), _group(weights, memory), memory)
        logits = ops.reshape(logits, (ops.shape(token)[0], self.target_vocabulary))
        return logits, {"attention": weights[:, 0], "vectors": vectors[:, 0]}, following

    def vocabulary_weights(self):
        target, source = self.target_embedding.vectors, self.source_embedding.vectors
        uses = {"target": ("target", 0, target), "source": ("source", 0, source)}
        if self.tied != "none":
            # Not "output": what is compared with the vectors is another layer's work.
            return uses
        kernel, bias = self.output_layer.kernel, self.output_layer.bias
        return uses | {"output": ("target", 1, kernel), "bias": ("target", 0, bias)}

    def _write(self, embedded, state, memory):
        """embedded [R, T, E] -> (vectors [R, T, units], weights [R, T, S], the last state)."""
        if self.input_feeding:
            return self._feed(embedded, state, memory)
        return self._advance(embedded, state, memory)

    def _feed(self, embedded, state, memory):
        def advance(now, state):
            inputs = ops.concatenate([now, state["fed"]], axis=-1)[:, None]
            vectors, weights, following = self._advance(inputs, state, memory)
            return following | {"fed": vectors[:, 0], "weights": weights[:, 0]}

        shape = (ops.shape(embedded)[0], ops.shape(memory["mask"])[1])
        state = state | {"weights": ops.zeros(shape, "float32")}
        recorded = lambda state: (state["fed"], state["weights"])
        (vectors, weights), last = recur(advance, ops.swapaxes(embedded, 0, 1), state, recorded)
        del last["weights"]
        return ops.swapaxes(vectors, 0, 1), ops.swapaxes(weights, 0, 1), last

    def _advance(self, inputs, state, memory):
        following: dict[str, dict] = {}
        read: list = []
        asking = self.decoder[0 if self.query == "first" else -1]
        features = inputs
        for layer in self.decoder:
            is_first = layer is self.decoder[0]
            below = inputs if is_first else ops.concatenate([self.drop(features), *read], axis=-1)
            outputs, following[layer.name] = layer(below, state=state[layer.name])
            features = features + outputs if self.residual and not is_first else outputs
            if layer is asking:
                context, weights = self._read(features, memory)
                read = [context]
        vectors = self.drop(self.combine(ops.concatenate([features, context], axis=-1)))
        return vectors, weights, following

    def _read(self, query, memory):
        """query [R, T, units] -> (context [R, T, units], weights [R, T, S])."""
        rows, length, _ = ops.shape(query)
        back = lambda tensor: ops.reshape(tensor, (rows, length, ops.shape(tensor)[-1]))
        context, weights = self.reader(
            _group(query, memory), memory["keys"], memory["values"], memory["mask"]
        )
        return back(context), back(weights)

    def _logits(self, vectors, weights, memory):
        logits = self.output_layer(vectors)
        if self.tied != "none":
            logits = self.target_embedding.project(logits)
        if self.copying:
            return self.pointer(vectors, logits, weights, memory["source"])
        return widen(logits)


def _group(tensor, memory):
    """Lets the hypotheses of a sentence stand as its positions: [R, T, D] -> [B, R / B * T, D]."""
    sentences = ops.shape(memory["mask"])[0]
    rows, length, depth = ops.shape(tensor)
    # Counted, since a size of -1 cannot be found when there are no sentences.
    positions = rows * length // ops.maximum(sentences, 1)
    return ops.reshape(tensor, (sentences, positions, depth))
