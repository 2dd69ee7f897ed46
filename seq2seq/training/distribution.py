"""The strategies that a recipe may name."""

import tensorflow as tf

STRATEGIES = {
    "one_device": tf.distribute.get_strategy,
    "mirrored": tf.distribute.MirroredStrategy,
}


def make_strategy(kind: str) -> tf.distribute.Strategy:
    """Makes "one_device" (the default) or "mirrored" (all GPUs of this machine).

    Raises:
        ValueError: an unknown kind; the message names the known ones.
    """
    if kind not in STRATEGIES:
        raise ValueError(f"unknown strategy {kind!r} (known: {', '.join(STRATEGIES)})")
    return STRATEGIES[kind]()
