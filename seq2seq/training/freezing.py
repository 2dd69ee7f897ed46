"""Layers that training leaves as they are."""

import fnmatch
from collections.abc import Sequence


def freeze(model, patterns: Sequence[str]) -> None:
    """Keeps the weights of some of a model's layers from being trained.

    Call it before the optimizer is built. A layer that two parts of the model share, such as a
    tied embedding, is frozen in both.

    Args:
        model: a `Seq2Seq`.
        patterns: shell patterns of layers' paths, such as "encoder_*", "target_embedding" or
            "decoder_?/attention"; a layer's own layers are frozen with it.

    Raises:
        ValueError: a pattern matches no layer that has weights, or no weight is left to train.
    """
    layers = {}
    for layer in model._flatten_layers(include_self=False):
        if layer.trainable_variables:
            layers[layer.path.removeprefix(f"{model.path}/")] = layer
    found = {pattern: fnmatch.filter(layers, pattern) for pattern in patterns}
    for pattern, paths in found.items():
        if not paths:
            known = ", ".join(sorted(path for path in layers if "/" not in path))
            raise ValueError(f"freeze: no layer is called {pattern!r} (there are {known})")
    for path in {path for paths in found.values() for path in paths}:
        layers[path].trainable = False
    if not model.trainable_variables:
        raise ValueError(f"freeze = {list(patterns)} leaves nothing to train: take some away")
