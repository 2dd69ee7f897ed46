"""The strategies that a recipe may name, and what the workers of one tell each other."""

import contextlib
import functools
import json
import os
import signal
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from pipelines.batches import Part
from seq2seq.training.cluster import Cluster
from seq2seq.training.deadline import deadline
from seq2seq.training.peer_watch import PeerWatch

# TensorFlow's servers start within seconds of each other, since `Cluster.wait` has seen to it; but
# where a worker dies just then, TensorFlow would let the others wait for an hour.
MEETING = 120.0  # seconds
LETTERS = 64  # of a text, or numbers, that one reduction carries


class ChiefFailed(ValueError):
    """Says on the other workers what failed on the chief."""


def make_strategy(kind: str) -> tf.distribute.Strategy:
    """Makes the strategy of this process.

    "one_device" is the default; "mirrored" takes all GPUs of this machine, "multi_worker" those of
    all machines that TF_CONFIG or Slurm lists, and "tpu" a TPU. A cluster must be made before
    TensorFlow computes anything; what was made is returned again.

    Raises:
        ValueError: an unknown kind, no description of the cluster, or no TPU.
        TimeoutError: not all workers were started.
    """
    check_strategy(kind)
    return STRATEGIES[kind]()


def check_strategy(kind: str) -> None:
    """Checks that a recipe may name a strategy.

    Raises:
        ValueError: it is unknown, or refused; the message names the known ones.
    """
    known = f"(known: {', '.join(STRATEGIES)})"
    if kind == "parameter_server":
        raise ValueError(
            "strategy parameter_server is refused: its workers update weights in no fixed order, so"
            " that the same recipe gives other weights each time. Use multi_worker, which is exact "
            + known
        )
    if kind not in STRATEGIES:
        raise ValueError(f"unknown strategy {kind!r} {known}")


@functools.cache
def _mirrored() -> tf.distribute.Strategy:
    return tf.distribute.MirroredStrategy()


@functools.cache
def _cluster() -> Cluster:
    return Cluster.of_environment()


@functools.cache
def _multi_worker() -> tf.distribute.Strategy:
    cluster = _cluster()
    cluster.wait()
    kinds = tf.distribute.experimental.CommunicationImplementation
    kind = kinds.NCCL if tf.config.list_physical_devices("GPU") else kinds.RING
    options = tf.distribute.experimental.CommunicationOptions(implementation=kind)
    late = (
        f"seq2seq: error: not all workers met within {MEETING:g} seconds: start all of them again"
    )
    try:
        with deadline(MEETING, late):
            strategy = tf.distribute.MultiWorkerMirroredStrategy(communication_options=options)
    except RuntimeError as error:
        raise ValueError(f"strategy multi_worker must be made first of all: {error}") from None
    # TensorFlow takes this signal for a notice that nobody reads: the process would live on.
    with contextlib.suppress(ValueError):  # not the main thread
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return strategy


@functools.cache
def _tpu() -> tf.distribute.Strategy:
    try:
        name = os.environ.get("TPU_NAME", "local")
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver.connect(name)
        return tf.distribute.TPUStrategy(resolver)
    except (ValueError, RuntimeError, OSError, tf.errors.OpError) as error:
        said = " ".join(str(error).split())[:200]
        raise ValueError(
            f"strategy tpu finds no TPU ({said}): name one in TPU_NAME, or use another strategy"
        ) from None


STRATEGIES: dict[str, Callable[[], tf.distribute.Strategy]] = {
    "one_device": tf.distribute.get_strategy,
    "mirrored": _mirrored,
    "multi_worker": _multi_worker,
    "tpu": _tpu,
}


def workers(strategy: tf.distribute.Strategy) -> int:
    """Counts the processes that train together."""
    return part_of(strategy).count


@tf.autograph.experimental.do_not_convert
def part_of(strategy: tf.distribute.Strategy) -> Part:
    """Returns which of the workers this process is; the chief is the first."""
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return Part()
    cluster = _cluster()
    return Part(cluster.index, len(cluster.addresses))


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Tells whether this process is the one that writes files."""
    return part_of(strategy).index == 0


def local_replicas(strategy: tf.distribute.Strategy) -> int:
    """Counts the replicas of this process."""
    return strategy.num_replicas_in_sync // workers(strategy)


def watched(strategy: tf.distribute.Strategy) -> contextlib.AbstractContextManager:
    """Watches the other workers for as long as a block lasts: see `PeerWatch`."""
    if workers(strategy) == 1:
        return contextlib.nullcontext()
    return PeerWatch(_cluster()).watching()


def agreed(strategy: tf.distribute.Strategy, wish: bool) -> bool:
    """Tells whether all workers wish it."""
    if workers(strategy) == 1:
        return wish
    return int(_summed(strategy, np.full(1, wish))[0]) == workers(strategy)


def by_chief(strategy: tf.distribute.Strategy, make: Callable[[], object]):
    """Calls make() on the chief alone -> its result, plain JSON, on every worker.

    No worker goes on before the chief has made it.

    Raises:
        ChiefFailed: on the others, where make() raised an exception on the chief.
    """
    if workers(strategy) == 1:
        return make()
    if not is_chief(strategy):
        told = json.loads(_broadcast(strategy, ""))
        if "failed" in told:
            raise ChiefFailed(f"the chief failed: {told['failed']}")
        return told["made"]
    try:
        made = make()
    except Exception as error:
        _broadcast(strategy, json.dumps({"failed": str(error) or repr(error)}))
        raise
    _broadcast(strategy, json.dumps({"made": made}, default=float))
    return made


def _broadcast(strategy: tf.distribute.Strategy, text: str) -> str:
    """Returns the one text that is not empty on every worker."""
    letters = np.frombuffer(text.encode(), np.uint8)
    count = int(_summed(strategy, np.full(1, len(letters)))[0])
    letters = np.pad(letters, [0, count - len(letters)])
    pieces = [letters[first : first + LETTERS] for first in range(0, count, LETTERS)]
    found = [_summed(strategy, piece) for piece in pieces]
    return np.concatenate(found).astype(np.uint8).tobytes().decode()


def _summed(strategy: tf.distribute.Strategy, numbers: np.ndarray) -> np.ndarray:
    """Adds up what each worker gives, at most LETTERS small whole numbers."""
    padded = np.pad(numbers.astype(np.float32), [0, LETTERS - len(numbers)])
    return _sum(strategy)(padded).numpy()[: len(numbers)]


@functools.cache
def _sum(strategy: tf.distribute.Strategy):
    """Traces a sum over workers once: collective operations want one shape each time."""
    replicas = local_replicas(strategy)

    @tf.function(input_signature=[tf.TensorSpec([LETTERS], tf.float32)])
    def total(numbers):
        def of_replica(numbers):
            here = tf.distribute.get_replica_context()
            mine = here.replica_id_in_sync_group % replicas == 0  # one of this worker's
            counted = tf.where(mine, numbers, tf.zeros_like(numbers))
            return here.all_reduce(tf.distribute.ReduceOp.SUM, counted)

        return strategy.experimental_local_results(strategy.run(of_replica, (numbers,)))[0]

    return total
