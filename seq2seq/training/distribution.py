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


def workers(strategy: tf.distribute.Strategy) -> int:
    """Counts the processes that train together."""
    resolver = strategy.cluster_resolver
    cluster = resolver.cluster_spec().as_dict() if resolver else {}
    return max(1, len(cluster.get("worker", ())) + len(cluster.get("chief", ())))


def agreed(strategy: tf.distribute.Strategy, wish: bool) -> bool:
    """Tells whether all workers wish it."""
    if workers(strategy) == 1:
        return wish
    count = strategy.reduce(tf.distribute.ReduceOp.SUM, tf.constant(float(wish)), axis=None)
    return int(count) == strategy.num_replicas_in_sync
