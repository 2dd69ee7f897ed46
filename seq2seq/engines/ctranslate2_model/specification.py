"""A Transformer of ours as CTranslate2 lays it out."""

import numpy as np
from ctranslate2.specs import common_spec, transformer_spec
from keras import ops

from pipelines.special_tokens import END, START, UNKNOWN
from pipelines.vocabulary import Tokenizers
from seq2seq.generator import Generator
from seq2seq.models.transformer import Transformer

ACTIVATIONS = {
    "relu": common_spec.Activation.RELU,
    "gelu": common_spec.Activation.GELUTanh,
    "gated": common_spec.Activation.SWISH,
}
# What CTranslate2 cuts sources to, unless it is told otherwise.
POSITIONS = 1024


def specification(generator: Generator, tokenizers: Tokenizers) -> transformer_spec.TransformerSpec:
    """Lays out the generator's model, with the pieces of its tokenizers as vocabularies.

    Raises:
        ValueError: CTranslate2 has no such model.
    """
    model = generator.model
    _require_known(model)
    options = {
        "num_heads": model.heads,
        "pre_norm": model.order == "pre",
        "activation": ACTIVATIONS[model.activation],
        "ffn_glu": model.activation == "gated",
        "rms_norm": model.normalization == "rms",
    }
    if model.positions == "rotary":
        # All of a head's features, the first half turned with the second.
        options |= {"rotary_dim": 0, "rotary_interleave": False}
    specified = transformer_spec.TransformerSpec(
        transformer_spec.TransformerEncoderSpec(model.encoder_layers, **options),
        transformer_spec.TransformerDecoderSpec(model.decoder_layers, **options),
    )
    most = max(POSITIONS, generator.max_source, generator.max_target)
    _fill_encoder(specified.encoder, model, most)
    _fill_decoder(specified.decoder, model, most)
    config = specified.config
    config.layer_norm_epsilon = model.decoder[0].attention_frame.norm.epsilon
    source, target = (tokenizer.pieces() for tokenizer in tokenizers)
    config.bos_token = config.decoder_start_token = target[START]
    config.add_source_eos = True
    config.eos_token, config.unk_token = target[END], target[UNKNOWN]
    specified.register_source_vocabulary(source)
    specified.register_target_vocabulary(target)
    specified.validate()
    return specified


def _require_known(model) -> None:
    if not isinstance(model, Transformer):
        raise ValueError(
            f"CTranslate2 has no model like {type(model).__name__}: export it for TensorFlow "
            "Serving (without an engine), or train a Transformer"
        )
    if model.copying:
        raise ValueError(
            "CTranslate2 cannot copy from the source: export for TensorFlow Serving (without an "
            "engine), or train with model.copying = false"
        )
    if model.normalization == "unit":
        raise ValueError(
            "CTranslate2 normalises with weights: export for TensorFlow Serving (without an "
            'engine), or train with model.normalization = "layer" or "rms"'
        )


def _fill_encoder(specified, model: Transformer, positions: int) -> None:
    specified.embeddings[0].weight = _array(model.source_embedding.vectors)
    _fill_positions(specified, model.source_positions, positions, model)
    for layer, ours in zip(specified.layer, model.encoder, strict=True):
        _fill_self_attention(layer.self_attention, ours)
        _fill_network(layer.ffn, ours, model.activation)
    if model.order == "pre":
        _fill_norm(specified.layer_norm, model.encoder_norm)


def _fill_decoder(specified, model: Transformer, positions: int) -> None:
    specified.embeddings.weight = _array(model.target_embedding.vectors)
    _fill_positions(specified, model.target_positions, positions, model)
    for layer, ours in zip(specified.layer, model.decoder, strict=True):
        _fill_self_attention(layer.self_attention, ours)
        for place, dense in enumerate((ours.reading.ask, ours.reading.project)):
            _fill_dense(layer.attention.linear[place], dense)
        _fill_dense(layer.attention.linear[2], ours.reading.combine)
        _fill_norm(layer.attention.layer_norm, ours.reading_frame.norm)
        _fill_network(layer.ffn, ours, model.activation)
    if model.order == "pre":
        _fill_norm(specified.layer_norm, model.decoder_norm)
    if model.tied == "none":
        _fill_dense(specified.projection, model.output_layer)
    else:
        specified.projection.weight = specified.embeddings.weight


def _fill_positions(specified, ours, positions: int, model: Transformer) -> None:
    """Writes what `ours` adds to each of so many positions, as rows."""
    if model.positions != "rotary":
        nothing = ops.zeros((1, positions, model.units), "float32")
        added = ours.mark(nothing, ops.arange(positions))
        specified.position_encodings.encodings = _array(added[0])


def _fill_self_attention(specified, ours) -> None:
    _fill_dense(specified.linear[0], ours.attention.project)
    _fill_dense(specified.linear[1], ours.attention.combine)
    _fill_norm(specified.layer_norm, ours.attention_frame.norm)


def _fill_network(specified, ours, activation: str) -> None:
    _fill_norm(specified.layer_norm, ours.network_frame.norm)
    _fill_dense(specified.linear_1, ours.network.narrow)
    widen = specified.linear_0
    _fill_dense(widen, ours.network.widen)
    if activation == "gated":
        linear = specified.linear_0_noact
        widen.weight, linear.weight = np.split(widen.weight, 2)
        widen.bias, linear.bias = np.split(widen.bias, 2)


def _fill_dense(specified, ours) -> None:
    specified.weight = _array(ours.kernel).T
    specified.bias = _array(ours.bias)


def _fill_norm(specified, ours) -> None:
    """Fills the weights of a layer normalisation; one by root mean squares has no shift."""
    scale, *shift = ours.weights
    specified.gamma = _array(scale)
    if shift:
        specified.beta = _array(shift[0])


def _array(weight) -> np.ndarray:
    return np.ascontiguousarray(ops.convert_to_numpy(weight), "float32")
