"""Draws targets at random."""

import dataclasses
import math
from typing import Self

from keras import ops

from pipelines.special_tokens import END, PAD
from seq2seq.decoding.constraints.constraint import NEVER
from seq2seq.decoding.parts.random_numbers import uniform, words_mixed
from seq2seq.decoding.parts.walk import Walk, WalkingSearch, begin_walk
from seq2seq.layers.gather import gather_within

# What may be given of each sentence instead of an option's value, beside a seed.
ASKED = ("temperature", "top_k", "top_p")
# Temperatures that may be asked for: beyond these, the likeliest anyway, or what is forbidden.
COLDEST, HOTTEST = 1e-4, 1e4


@dataclasses.dataclass(frozen=True)
class Sampling(WalkingSearch):
    """Draws each token from the model's distribution, which may be sharpened and cut.

    The distribution over what constraints allow, without PAD and START, is softmax(logits /
    temperature). Of it, what `top_k`, `top_p`, `min_p` and `epsilon` all keep is drawn from; each
    looks at the whole distribution, so their order means nothing. The likeliest token is kept.

    What is drawn depends on the seed, the ids of the source (where they are given), the number of
    the sample and the position: not on other sentences, nor on how many samples are drawn. So
    the same source gets the same targets, until another seed is chosen.

    `given` may hold "temperature", "top_k", "top_p" and "seed" of each sentence, [B], which go
    before those of the search. What no search could have is read as the nearest that one could: a
    temperature of 0, or a top_p, takes the likeliest. Their seeds may be any integers.

    Samples come best first, by their score: the log-probability of the ids under the model's own
    distribution, neither sharpened nor cut.

    Args:
        temperature: below 1 sharpens, above 1 flattens.
        top_k: keeps so many of the likeliest (Fan et al., 2018, section 5.4); 0 keeps all.
        top_p: keeps the fewest whose probabilities reach it (Holtzman et al., 2020, section 3.1).
        min_p: keeps what is this many times as likely as the likeliest (Nguyen et al., 2025).
        epsilon: keeps what is this likely (Hewitt et al., 2022, section 4.1).
        samples: K, how many are drawn a sentence.

    Raises:
        ValueError: a setting that is no such number.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    epsilon: float = 0.0
    samples: int = 1
    seed: int = 0

    def __post_init__(self):
        wanted = {
            "temperature": (self.temperature > 0, "more than 0 (for 0, take greedy_search)"),
            "top_k": (self.top_k >= 0, "0 (all) or more"),
            "top_p": (0 < self.top_p <= 1, "more than 0 and at most 1 (all)"),
            "min_p": (0 <= self.min_p <= 1, "from 0 (all) to 1"),
            "epsilon": (0 <= self.epsilon < 1, "0 (all) or more, and less than 1"),
            "samples": (self.samples >= 1, "1 or more"),
            "seed": (0 <= self.seed < 2**31, "0 or more, and less than 2 ** 31"),
        }
        for name, (fits, choice) in wanted.items():
            if not fits:
                raise ValueError(f"{name} = {getattr(self, name)}: choose {choice}")

    @property
    def kept(self) -> int:
        return self.samples

    def begin(self, sentences, max_length, given={}) -> Walk:
        seed = _folded(given["seed"])[:, None] if "seed" in given else self.seed
        stream = words_mixed(seed, _key(given, sentences)[:, None], ops.arange(self.samples))
        own = {"stream": stream}
        for name in ASKED:
            if name in given:
                own[name] = ops.broadcast_to(given[name][:, None], ops.shape(stream))
        return begin_walk(self, sentences, max_length, given, own, self.samples)

    def streaming(self) -> Self:
        return dataclasses.replace(self, samples=1)

    def sampling(self) -> "Sampling":
        return Sampling(min_p=self.min_p, epsilon=self.epsilon, constraints=self.constraints)

    def choose(self, logits, allowed, position, own):
        drawn = self._draw(allowed[:, END:], position, own) + END
        gain = gather_within(allowed, drawn[:, None])[:, 0] - ops.logsumexp(logits, axis=-1)
        return drawn, ops.maximum(gain, NEVER)

    def _draw(self, allowed, position, own):
        """Draws where the sum of probabilities first exceeds a random share: [R, V] -> [R]."""
        allowed = allowed / self._temperature(own)
        if self._cuts(own):
            chances = ops.log_softmax(allowed)
            allowed = ops.where(chances >= self._least(chances, own), allowed, -math.inf)
        chances = ops.exp(allowed - ops.max(allowed, axis=-1, keepdims=True))
        sums = ops.cumsum(chances, axis=-1)
        share = uniform(own["stream"], position)[:, None]
        exceeds = ops.cast(sums > share * sums[:, -1:], "int32")
        return ops.cast(ops.argmax(exceeds, axis=-1), "int32")

    def _temperature(self, own):
        if "temperature" not in own:
            return self.temperature
        asked = own["temperature"][:, None]
        # Comparisons with a NaN are false.
        return ops.where(asked > COLDEST, ops.minimum(asked, HOTTEST), COLDEST)

    def _cuts(self, own) -> bool:
        asked = "top_k" in own or "top_p" in own
        return asked or bool(self.top_k or self.top_p < 1 or self.min_p or self.epsilon)

    def _least(self, chances, own):
        """Finds the least log-probability that is kept: [R, V] -> [R, 1]."""
        peak = ops.max(chances, axis=-1, keepdims=True)
        least = ops.full_like(peak, -math.inf)
        if "top_k" in own:
            least = ops.maximum(least, _least_of(chances, own["top_k"]))
        elif self.top_k:
            count = min(self.top_k, chances.shape[-1])
            least = ops.maximum(least, ops.top_k(chances, count)[0][:, -1:])
        if "top_p" in own:
            least = ops.maximum(least, _nucleus(chances, own["top_p"][:, None]))
        elif self.top_p < 1:
            least = ops.maximum(least, _nucleus(chances, self.top_p))
        if self.min_p:
            least = ops.maximum(least, peak + math.log(self.min_p))
        if self.epsilon:
            least = ops.maximum(least, math.log(self.epsilon))
        return ops.minimum(least, peak)


def _folded(seed):
    """Makes 32 bits of 64; a seed of fewer stays what it is."""
    seed = ops.cast(seed, "int64")
    return ops.bitwise_and(ops.bitwise_xor(seed, ops.right_shift(seed, 32)), 2**32 - 1)


def _key(given, sentences):
    """Makes a number of each source, whatever padding follows it -> int32 [B]."""
    if "source" not in given:
        return ops.zeros((sentences,), "int32")
    source = ops.cast(given["source"], "int32")
    mixed = words_mixed(source, ops.arange(ops.shape(source)[1]))
    return ops.sum(ops.where(source == PAD, 0, ops.cast(mixed, "int32")), axis=1)


def _least_of(chances, count):
    """Finds the least of so many of the likeliest: [R, V], [R] -> [R, 1]; 0 is all of them."""
    size = chances.shape[-1]
    falling = ops.top_k(chances, size)[0]
    last = ops.where(count > 0, ops.minimum(count, size), size) - 1
    return ops.take_along_axis(falling, ops.cast(last, "int32")[:, None], axis=-1)


def _nucleus(chances, share):
    """Finds the least of the likeliest that together reach a share: [R, V] -> [R, 1]."""
    falling = ops.top_k(chances, chances.shape[-1])[0]
    before = ops.cumsum(ops.exp(falling), axis=-1) - ops.exp(falling)
    return ops.min(ops.where(before < share, falling, math.inf), axis=-1, keepdims=True)
