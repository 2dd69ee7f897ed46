"""A Transformer of ours in transformers' M2M100, whose layers compute the same.

Run by a Python that has torch and transformers; `write_arrays` by ours, which has neither.
"""

import json
import math
from pathlib import Path

import numpy as np

PAD, START, END = range(3)
LENGTH = 1024


def write_arrays(model, folder):
    """Writes a pre-norm Transformer with tied embeddings and sinusoidal positions."""
    arrays = {"vectors": model.target_embedding.vectors}
    for side in ("encoder", "decoder"):
        for number, layer in enumerate(getattr(model, side)):
            parts = {"self": layer.attention, "network": layer.network}
            parts |= {"reading": layer.reading} if side == "decoder" else {}
            for name, part in parts.items():
                for weight in part.weights:
                    arrays[f"{side}.{number}.{'.'.join(weight.path.split('/')[-2:])}.{name}"] = (
                        weight
                    )
            for name in ("attention", "reading", "network"):
                frame = getattr(layer, f"{name}_frame", None)
                if frame:
                    for weight in frame.norm.weights:
                        arrays[f"{side}.{number}.{name}_norm.{weight.name}"] = weight
        for weight in getattr(model, f"{side}_norm").weights:
            arrays[f"{side}.norm.{weight.name}"] = weight
    np.savez(Path(folder) / "arrays.npz", **{name: np.array(each) for name, each in arrays.items()})
    names = ("units", "hidden", "heads", "encoder_layers", "decoder_layers", "target_vocabulary")
    sizes = {name: getattr(model, name) for name in names}
    Path(folder, "sizes.json").write_text(json.dumps(sizes))


def model_of(folder):
    """Makes the M2M100 of what `write_arrays` wrote."""
    import torch
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    sizes = json.loads(Path(folder, "sizes.json").read_text())
    arrays = {
        name: torch.tensor(array) for name, array in np.load(Path(folder) / "arrays.npz").items()
    }
    sides = {}
    for side in ("encoder", "decoder"):
        sides |= {
            f"{side}_layers": sizes[f"{side}_layers"],
            f"{side}_ffn_dim": sizes["hidden"],
            f"{side}_attention_heads": sizes["heads"],
        }
    config = M2M100Config(
        **sides,
        vocab_size=sizes["target_vocabulary"],
        d_model=sizes["units"],
        max_position_embeddings=LENGTH,
        activation_function="relu",
        scale_embedding=True,
        pad_token_id=PAD,
        bos_token_id=START,
        eos_token_id=END,
        decoder_start_token_id=START,
    )
    model = M2M100ForConditionalGeneration(config).eval()
    with torch.no_grad():
        _fill(model.model, arrays, sizes["units"])
    model.tie_weights()
    return model


def _fill(model, arrays, units):
    import torch

    model.shared.weight.copy_(arrays["vectors"])
    positions = torch.tensor(_sinusoids(units), dtype=torch.float32)
    for side in ("encoder", "decoder"):
        stack = getattr(model, side)
        stack.embed_tokens.weight.copy_(arrays["vectors"])
        stack.embed_positions.weights = positions
        _fill_norm(stack.layer_norm, arrays, f"{side}.norm")
        for number, layer in enumerate(stack.layers):
            at = f"{side}.{number}"
            _fill_attention(layer.self_attn, arrays, at, "self")
            _fill_norm(layer.self_attn_layer_norm, arrays, f"{at}.attention_norm")
            if side == "decoder":
                _fill_attention(layer.encoder_attn, arrays, at, "reading")
                _fill_norm(layer.encoder_attn_layer_norm, arrays, f"{at}.reading_norm")
            for dense, name in ((layer.fc1, "widen"), (layer.fc2, "narrow")):
                _fill_dense([dense], arrays, f"{at}.{name}", "network")
            _fill_norm(layer.final_layer_norm, arrays, f"{at}.network_norm")


def _fill_attention(attention, arrays, at, part):
    query, keys, values = attention.q_proj, attention.k_proj, attention.v_proj
    if part == "self":
        _fill_dense([query, keys, values], arrays, f"{at}.project", part)
    else:
        _fill_dense([query], arrays, f"{at}.ask", part)
        _fill_dense([keys, values], arrays, f"{at}.project", part)
    _fill_dense([attention.out_proj], arrays, f"{at}.combine", part)


def _fill_dense(layers, arrays, at, part):
    kernels = arrays[f"{at}.kernel.{part}"].T.chunk(len(layers))
    biases = arrays[f"{at}.bias.{part}"].chunk(len(layers))
    for layer, kernel, bias in zip(layers, kernels, biases):
        layer.weight.copy_(kernel)
        layer.bias.copy_(bias)


def _fill_norm(norm, arrays, at):
    norm.weight.copy_(arrays[f"{at}.gamma"])
    norm.bias.copy_(arrays[f"{at}.beta"])
    norm.eps = 1e-6


def _sinusoids(units):
    """Makes the rows that M2M100 adds: the first is PAD's, position 0 has the second."""
    rates = np.array([10000.0 ** (-2 * place / units) for place in range(units // 2)])
    angles = np.arange(LENGTH - 1)[:, None] * rates
    rows = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    assert math.isclose(rows[1, 0], math.sin(1.0))
    return np.concatenate([np.zeros([1, units]), rows])
