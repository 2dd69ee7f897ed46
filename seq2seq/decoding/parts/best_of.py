"""The largest of many numbers, sooner than by sorting."""

from keras import ops

from pipelines.special_tokens import END
from seq2seq.decoding.constraints.constraint import NEVER
from seq2seq.layers.gather import gather_within

# How many neighbouring ids are looked at together: the first that divides the vocabulary, or 32.
WIDTHS = (32, *range(31, 15, -1), *range(33, 65))


def best_of(logits, count: int):
    """Finds the `count` largest of each row, largest first: [R, V] -> values, ids [R, count].

    They lie in the `count` groups of neighbours with the largest maxima. For 12 of [160, V] this
    takes 1.2 ms where top_k takes 2.6 (V = 8,000), and 3.1 for 17 (V = 32,000), on 2 cores.
    """
    size = logits.shape[-1]
    # Where the groups come out even, no part of the logits has to be copied.
    width = next((width for width in WIDTHS if size % width == 0), WIDTHS[0])
    groups = size // width
    if groups <= count:
        return ops.top_k(logits, count)
    even = groups * width
    grouped = ops.reshape(logits if even == size else logits[:, :even], (-1, groups, width))
    _, group = ops.top_k(ops.max(grouped, axis=-1), count)
    among = ops.reshape(gather_within(grouped, group), (-1, count * width))
    if even < size:  # what is left over is one more group, and a shorter one
        among = ops.concatenate([among, logits[:, even:]], axis=1)
        group = ops.concatenate([group, ops.full_like(group[:, :1], groups)], axis=1)
    values, place = ops.top_k(among, count)
    return values, gather_within(group, place // width) * width + place % width


def gains(logits, allowed, count: int):
    """Finds the `count` best continuations of each row -> log-probabilities, tokens [R, count].

    logits [R, V] are the model's own, `allowed` those that constraints have left of them. The
    best of each row come first, with room for PAD and START, which are never there, so that
    nothing else is computed over the vocabulary than the softmax's sum.
    """
    gain, token = best_of(allowed, count)
    peak = gain[:, :1] if allowed is logits else ops.max(logits, axis=-1, keepdims=True)
    total = ops.sum(ops.exp(logits - peak), axis=-1, keepdims=True)
    never = ops.cast(token < END, "float32") * NEVER
    return ops.maximum(gain - peak - ops.log(total) + never, NEVER), token
