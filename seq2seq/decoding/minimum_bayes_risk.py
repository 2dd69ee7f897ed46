"""Draws many targets and returns the one that is most like the others."""

import dataclasses
from typing import Literal

from keras import ops

from pipelines.special_tokens import END
from seq2seq.decoding.parts.random_numbers import words_mixed
from seq2seq.decoding.sampling import Sampling
from seq2seq.decoding.search import Hypotheses, Steps


@dataclasses.dataclass(frozen=True)
class MinimumBayesRisk(Sampling):
    """Chooses the sample of the greatest mean utility: Eikema and Aziz (2022), section 3.

    Each sample is a candidate, and stands for a reference as often as it was drawn. Utility is
    counted over runs of 1 to `order` ids, inside the graph, so it can be exported; over characters
    where the tokenizer makes ids of characters. Scores are log-probabilities, as in `Sampling`;
    it is the order, best first, that goes by utility.

    Args:
        utility: "bleu" is BLEU of a sentence, with one added to matches and to runs of more than
            one id (Lin and Och, 2004); "chrf" is the F-score of mean precision and mean recall,
            recall counting twice (Popović, 2015).
        order: the most ids of a run.
        best: how many are returned.

    Raises:
        ValueError: as `Sampling`; best > samples, best < 1 or order < 1.
    """

    samples: int = 32
    epsilon: float = 0.02  # Freitag et al. (2023) found it best for this search
    utility: Literal["bleu", "chrf"] = "chrf"
    order: int = 4
    best: int = 1

    def __post_init__(self):
        super().__post_init__()
        if not 1 <= self.best <= self.samples:
            raise ValueError(
                f"best = {self.best} of samples = {self.samples}: choose 1 <= best <= samples"
            )
        if self.order < 1:
            raise ValueError(f"order = {self.order}: choose 1 or more")

    def __call__(self, steps: Steps, sentences, max_length, given={}) -> Hypotheses:
        found = super().__call__(steps, sentences, max_length, given)
        _, order = ops.top_k(self.mean_utility(found.ids), self.best)
        ids = ops.take_along_axis(found.ids, order[..., None], axis=1)
        return Hypotheses(ids, ops.take_along_axis(found.scores, order, axis=1))

    def mean_utility(self, ids):
        """Compares each target with all of its sentence: ids [B, K, T] -> [B, K], from 0 to 1."""
        runs = [_runs(ids, size) for size in range(1, self.order + 1)]
        count = ops.stack([ops.sum(ops.cast(there, "float32"), -1) for _, there in runs], axis=-1)
        measure = _bleu if self.utility == "bleu" else _chrf

        def against(reference):
            matches = [_matches(numbers, there, reference) for numbers, there in runs]
            return measure(
                ops.stack(matches, axis=-1), count, ops.take(count, reference[None], axis=1)
            )

        return ops.mean(ops.map(against, ops.arange(self.samples)), axis=0)


def _runs(ids, size: int):
    """Makes a number of each run of ids, END left out -> (numbers [B, K, T], bool, True = one)."""
    words = ops.where(ids > END, ids, 0)
    length = ops.shape(ids)[2]
    padded = ops.pad(words, [[0, 0], [0, 0], [0, size - 1]])
    shifted = [padded[:, :, place : place + length] for place in range(size)]
    return ops.cast(words_mixed(*shifted), "int32"), shifted[-1] > 0


def _matches(runs, there, reference):
    """Counts the runs that targets share with one of them, as often as both have each: [B, K]."""
    others, others_there = (ops.take(each, reference[None], axis=1) for each in (runs, there))
    same = lambda left, right: ops.cast(left[..., :, None] == right[..., None, :], "int32")
    in_both = ops.sum(same(runs, others) * ops.cast(others_there, "int32")[..., None, :], axis=-1)
    length = ops.shape(runs)[2]
    before = ops.cast(ops.arange(length)[:, None] > ops.arange(length), "int32")
    said_before = ops.sum(same(runs, runs) * before, axis=-1)
    shared = ops.logical_and(there, said_before < in_both)
    return ops.sum(ops.cast(shared, "float32"), axis=-1)


def _bleu(matches, count, wanted):
    """Takes matches and counts [B, K, order] of runs of 1, 2, ... ids -> [B, K]."""
    more = ops.cast(ops.arange(matches.shape[-1]) > 0, "float32")
    precision = (matches + more) / ops.maximum(count + more, 1.0)
    mean = ops.exp(ops.mean(ops.log(ops.maximum(precision, 1e-9)), axis=-1))
    short = 1.0 - wanted[..., 0] / ops.maximum(count[..., 0], 1.0)
    return mean * ops.exp(ops.minimum(short, 0.0))


def _chrf(matches, count, wanted):
    """Takes matches and counts [B, K, order]; what neither is long enough for does not count."""
    share = lambda of: matches / ops.maximum(of, 1.0)
    counts = ops.cast(ops.logical_and(count > 0, wanted > 0), "float32")
    orders = ops.maximum(ops.sum(counts, axis=-1), 1.0)
    mean = lambda each: ops.sum(each * counts, axis=-1) / orders
    precision, recall = mean(share(count)), mean(share(wanted))
    return 5.0 * precision * recall / ops.maximum(4.0 * precision + recall, 1e-9)
