"""The Transformer."""

from typing import Literal

import keras
from keras import ops

from seq2seq.layers.decoder_layer import DecoderLayer
from seq2seq.layers.dense import Dense
from seq2seq.layers.dropout import Dropout
from seq2seq.layers.encoder_layer import EncoderLayer
from seq2seq.layers.gather import gather
from seq2seq.layers.headed_attention import causal_mask
from seq2seq.layers.pointer_generator import PointerGenerator
from seq2seq.layers.positions import positions_of
from seq2seq.layers.recompute import Recompute
from seq2seq.layers.residual import NORMALIZATIONS
from seq2seq.layers.rows import choose_rows
from seq2seq.layers.shapes import as_rows, reshape
from seq2seq.layers.token_embedding import TokenEmbedding
from seq2seq.layers.widening import widen
from seq2seq.models.seq2seq import Seq2Seq, is_token, require_one_vocabulary


@keras.saving.register_keras_serializable(package="seq2seq")
class Transformer(Seq2Seq):
    """Reads and writes by attention alone: Vaswani et al. (2017).

    Args:
        source_vocabulary, target_vocabulary: numbers of ids.
        units: width of embeddings and layers; a multiple of heads.
        hidden: width inside the feed-forward networks.
        order: "pre" normalises what each part reads, "post" what it has written.
        normalization: "layer"; "rms", without centring; or "unit", without weights either, over
            embeddings that are centred once, which is what `folded` makes of "layer": the ends of
            the two stacks are "layer" still.
        positions: how order is marked; "learned" knows `max_positions` of them.
        tied: embeddings that share weights: "none", "target" (embedding and output), or "all"
            (source too, which needs one vocabulary).
        dropout: on embeddings, on each part's output and inside the feed-forward networks.
        attention_dropout: on attention weights.
        copying: mixes in the last layer's attention over source ids (See et al. 2017); the
            logits are then log-probabilities.
        recompute: makes each layer's activations anew in the backward pass (Chen et al. 2016):
            less memory for one more forward pass, and the same gradients.

    Raises:
        ValueError: units is no multiple of heads, or two vocabularies differ that must be one.
    """

    def __init__(
        self,
        source_vocabulary: int,
        target_vocabulary: int,
        encoder_layers: int = 6,
        decoder_layers: int = 6,
        units: int = 512,
        hidden: int = 2048,
        heads: int = 8,
        order: Literal["pre", "post"] = "pre",
        normalization: Literal["layer", "rms", "unit"] = "layer",
        activation: Literal["relu", "gelu", "gated"] = "relu",
        positions: Literal["sinusoidal", "learned", "rotary"] = "sinusoidal",
        max_positions: int = 1024,
        tied: Literal["none", "target", "all"] = "target",
        dropout: float = 0.1,
        attention_dropout: float = 0.0,
        copying: bool = False,
        recompute: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.source_vocabulary = source_vocabulary
        self.target_vocabulary = target_vocabulary
        self.encoder_layers = encoder_layers
        self.decoder_layers = decoder_layers
        self.units = units
        self.hidden = hidden
        self.heads = heads
        self.order = order
        self.normalization = normalization
        self.activation = activation
        self.positions = positions
        self.max_positions = max_positions
        self.tied = tied
        self.dropout = dropout
        self.attention_dropout = attention_dropout
        self.copying = copying
        self.recompute = recompute
        self._check()
        self._make_ends()
        self._make_layers()
        self.build()

    def _check(self):
        if self.units % self.heads:
            raise ValueError(f"units ({self.units}) must be a multiple of heads ({self.heads})")
        require_one_vocabulary(self)

    def _make_ends(self):
        policy = {"dtype": self.dtype_policy}
        self.target_embedding = TokenEmbedding(
            self.target_vocabulary, self.units, **policy, name="target_embedding"
        )
        self.source_embedding = self.target_embedding
        if self.tied != "all":
            self.source_embedding = TokenEmbedding(
                self.source_vocabulary, self.units, **policy, name="source_embedding"
            )
        if self.tied == "none":
            self.output_layer = Dense(self.target_vocabulary, **policy, name="output")
        if self.copying:
            self.pointer = PointerGenerator(dtype="float32", name="pointer")
        place = (self.positions, self.max_positions, self.units)
        self.source_positions = positions_of(*place, **policy, name="source_positions")
        self.target_positions = positions_of(*place, **policy, name="target_positions")
        self.embedding_dropout = Dropout(self.dropout, **policy)

    def _make_layers(self):
        policy = {"dtype": self.dtype_policy}
        options: dict[str, dict] = {
            "attention": {
                "units": self.units,
                "heads": self.heads,
                "dropout": self.attention_dropout,
            },
            "network": {
                "units": self.units,
                "hidden": self.hidden,
                "activation": self.activation,
                "dropout": self.dropout,
            },
            "frame": {
                "order": self.order,
                "normalization": self.normalization,
                "dropout": self.dropout,
            },
        }
        encoders, decoders = range(self.encoder_layers), range(self.decoder_layers)
        self.encoder = [EncoderLayer(**options, **policy, name=f"encoder_{n}") for n in encoders]
        self.decoder = [DecoderLayer(**options, **policy, name=f"decoder_{n}") for n in decoders]
        for layer in self.encoder + self.decoder:
            layer.build((None, None, self.units))
        self.through = Recompute(self.recompute, name="through")
        # A stack of "pre" layers ends in sums that nothing has normalised yet.
        kind = "layer" if self.normalization == "unit" else self.normalization
        norm = NORMALIZATIONS[kind] if self.order == "pre" else keras.layers.Identity
        self.encoder_norm = norm(**policy, name="encoder_norm")
        self.decoder_norm = norm(**policy, name="decoder_norm")

    def encode(self, source):
        mask, rows = is_token(source), self._encoded(source)
        memory = {layer.name: layer.reading.prepare(rows, mask) for layer in self.decoder}
        return memory | {"mask": mask, "source": source}

    def features(self, source):
        return ops.reshape(self._encoded(source), (*ops.shape(source), self.units))

    def decode_with_attention(self, target, memory):
        """Shows the mean over the heads of the last layer's attention to the source."""
        length = ops.shape(target)[1]
        rows = as_rows(self._embed_target(target, ops.arange(length)))
        mask, turn = causal_mask(length), self.target_positions.turn
        for layer in self.decoder:
            read = memory[layer.name] | {"visible": memory["mask"]}
            rows, attention = self.through((rows, mask, read), layer=layer, turn=turn)
        features = ops.reshape(self.decoder_norm(rows), (*ops.shape(target), self.units))
        return self._logits(features, attention, memory), attention

    def begin(self, memory, hypotheses=1, room=0):
        """Makes {"said": caches of the layers, "visible": [B, K, E], "entry": what is used of E}.

        E is hypotheses * room, or 1 where that is 0: all that a sentence's hypotheses say lies side
        by side, and each sees its own.
        """
        sentences, entries = ops.shape(memory["source"])[0], _at_least_one(hypotheses * room)
        empty = lambda attention: attention.cache.empty(sentences, entries)
        caches = {layer.name: empty(layer.attention) for layer in self.decoder}
        visible = ops.zeros((sentences, hypotheses, entries), "bool")
        return {"said": caches, "visible": visible, "entry": ops.convert_to_tensor(0, "int32")}

    def look(self, token, position, state, memory):
        sentences, hypotheses, entries = ops.shape(state["visible"])
        token = reshape(token, (sentences, hypotheses))
        # [1, 1], or [B, 1] of one hypothesis a sentence.
        positions = ops.reshape(position, (-1, 1))
        new = ops.arange(entries) - state["entry"] == ops.arange(hypotheses)[:, None]
        visible = ops.logical_or(state["visible"], new)
        return self._advance(token, positions, visible, state, memory)

    def read(self, tokens, position, state, memory):
        count = tokens.shape[1]
        places = ops.arange(count)
        entries = ops.arange(ops.shape(state["visible"])[2]) - state["entry"]
        new = ops.logical_and(entries >= 0, entries <= places[:, None])
        visible = ops.logical_or(state["visible"], new)
        positions = position[:, None] + places
        logits, _, following = self._advance(tokens, positions, visible, state, memory)
        logits = ops.reshape(logits, (-1, count, self.target_vocabulary))
        each = ops.split(visible, count, axis=1)
        return logits, [following | {"visible": seen} for seen in each]

    def rewind(self, states, count):
        """Hides what came later; all states have the entries of the last."""
        visible = choose_rows([state["visible"] for state in states], count - 1)
        return states[-1] | {"visible": visible}

    def follow(self, state, parent):
        shape = ops.shape(state["visible"])
        visible = gather(ops.reshape(state["visible"], (-1, shape[2])), parent)
        return state | {"visible": ops.reshape(visible, shape)}

    def pack(self, state, sentences, hypotheses, room):
        cache = self.decoder[0].attention.cache
        given = (state["said"], state["visible"], sentences, _at_least_one(hypotheses * room))
        caches, visible, entry = cache.pack(*given)
        return {"said": caches, "visible": visible, "entry": entry}

    def vocabulary_weights(self):
        target, source = self.target_embedding.vectors, self.source_embedding.vectors
        uses = {"target": ("target", 0, target), "source": ("source", 0, source)}
        if self.tied != "none":
            return uses | {"output": ("target", 0, target)}
        kernel, bias = self.output_layer.kernel, self.output_layer.bias
        return uses | {"output": ("target", 1, kernel), "bias": ("target", 0, bias)}

    def _encoded(self, source):
        """Reads sources [B, S] -> a vector for each place, as rows [B * S, units]."""
        places = ops.arange(ops.shape(source)[1])
        embedded = self._embed(source, places, self.source_embedding, self.source_positions)
        rows, visible = as_rows(embedded), is_token(source)[:, None, None, :]
        turn = self.source_positions.turn
        for layer in self.encoder:
            rows = self.through((rows, visible), layer=layer, turn=turn)
        return self.encoder_norm(rows)

    def _advance(self, tokens, positions, visible, state, memory):
        """Reads C tokens a sentence that see what is visible of the entries, C of them new.

        tokens [B, C], positions [1 or B, 1 or C], visible [B, C, E] -> (logits [B * C, V], shown
        rows, the next state). Vectors stand as rows, which no operation has to reshape.
        """
        count = ops.shape(tokens)[1]
        place = {
            "tokens": count,
            "positions": positions,
            "entry": state["entry"],
            "visible": visible,
        }
        features, caches = as_rows(self._embed_target(tokens, positions)), {}
        for layer in self.decoder:
            read = memory[layer.name] | {"visible": memory["mask"]}
            features, attention, caches[layer.name] = layer.step(
                features, state["said"][layer.name], place, read, self.target_positions.turn
            )
        features = self.decoder_norm(features)
        following = {"said": caches, "visible": visible, "entry": state["entry"] + count}
        sentences, _, length = ops.shape(attention)
        shown = {
            "attention": ops.reshape(attention, (sentences * count, length)),
            "vectors": features,
        }
        if self.copying:  # which goes by sentences
            features = ops.reshape(features, (-1, count, self.units))
        return as_rows(self._logits(features, attention, memory)), shown, following

    def _embed_target(self, target, places):
        return self._embed(target, places, self.target_embedding, self.target_positions)

    def _embed(self, ids, places, embedding, positions):
        features = positions.mark(embedding(ids), places)
        if self.normalization == "unit":
            features = features - ops.mean(features, axis=-1, keepdims=True)
        return self.embedding_dropout(features)

    def _logits(self, features, attention, memory):
        tied = self.tied != "none"
        logits = self.target_embedding.project(features) if tied else self.output_layer(features)
        if self.copying:
            return self.pointer(features, logits, attention, memory["source"])
        return widen(logits)


def _at_least_one(room):
    return max(room, 1) if isinstance(room, int) else ops.maximum(room, 1)
