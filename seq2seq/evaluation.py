"""How good a generator's texts are, and how soon they come."""

import dataclasses
import functools
import importlib.metadata
import json
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import tensorflow as tf
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics import BLEU, CHRF

from pipelines.whole_files import write_whole
from seq2seq import restoration
from seq2seq.generator import Generator
from seq2seq.text_batches import WINDOW


class Score(NamedTuple):
    """A figure and how it was counted, so that it can be compared with others' figures."""

    value: float
    signature: str


Metric = Callable[[Sequence[str], Sequence[str]], Score]


def bleu(hypotheses, references) -> Score:
    """Counts BLEU as sacreBLEU does by default: 13a, cased (Post, 2018)."""
    metric = BLEU()
    value = metric.corpus_score(hypotheses, [references]).score
    return Score(value, metric.get_signature().format())


def chrf(hypotheses, references) -> Score:
    """Counts chrF as sacreBLEU does by default: character 6-grams (Popovic, 2015)."""
    metric = CHRF()
    value = metric.corpus_score(hypotheses, [references]).score
    return Score(value, metric.get_signature().format())


def rouge(hypotheses, references, kind: str, stemmer: bool) -> Score:
    """Averages the F1 of ROUGE over the pairs (Lin, 2004), as a percentage.

    rouge-score's own tokens: lower-cased runs of a-z and 0-9. Other letters count for nothing.
    """
    scorer = RougeScorer([kind], use_stemmer=stemmer)
    pairs = zip(references, hypotheses)
    total = sum(scorer.score(reference, found)[kind].fmeasure for reference, found in pairs)
    version = importlib.metadata.version("rouge-score")
    stems = "porter" if stemmer else "none"
    signature = f"{kind}|f1|average:pairs|tok:a-z0-9|case:lc|stemmer:{stems}|rouge-score:{version}"
    return Score(100 * total / len(references), signature)


def exact_match(hypotheses, references) -> Score:
    """Counts the percentage of hypotheses that are their reference, white space at ends aside."""
    pairs = zip(hypotheses, references)
    hits = sum(found.strip() == reference.strip() for found, reference in pairs)
    return Score(100 * hits / len(references), "exact|case:mixed|ends:stripped")


def case_accuracy(hypotheses, references) -> Score:
    """Counts how many aligned words are in the right case."""
    value = restoration.case_accuracy(hypotheses, references)
    return Score(value, "case|of:aligned words|average:words")


def punctuation_f1(hypotheses, references) -> Score:
    """Counts the punctuation marks at their places in aligned words."""
    value = restoration.punctuation_f1(hypotheses, references)
    return Score(value, "punctuation|f1|at:aligned words|average:marks")


METRICS: dict[str, Metric] = {
    "bleu": bleu,
    "chrf": chrf,
    "rouge1": functools.partial(rouge, kind="rouge1", stemmer=False),
    "rouge2": functools.partial(rouge, kind="rouge2", stemmer=False),
    "rougeL": functools.partial(rouge, kind="rougeL", stemmer=False),
    "rouge1_stemmed": functools.partial(rouge, kind="rouge1", stemmer=True),
    "rouge2_stemmed": functools.partial(rouge, kind="rouge2", stemmer=True),
    "rougeL_stemmed": functools.partial(rouge, kind="rougeL", stemmer=True),
    "exact_match": exact_match,
    "case_accuracy": case_accuracy,
    "punctuation_f1": punctuation_f1,
}
USUAL = ("bleu", "chrf", "rouge1", "rouge2", "rougeL", "exact_match")


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """The scores of a generator's hypotheses, and what it took to make them.

    Tokens are counted by the generator's tokenizers, without START and END. The time leaves out
    what is done once (tracing) and the counting of scores.
    """

    scores: dict[str, Score]
    sentences: int
    source_tokens: int
    hypothesis_tokens: int
    reference_tokens: int
    seconds: float
    hypotheses: list[str] = dataclasses.field(repr=False)

    @property
    def sentences_a_second(self) -> float:
        return self.sentences / self.seconds

    def as_dict(self) -> dict:
        """Returns all but the hypotheses as plain data."""
        names = ("sentences", "source_tokens", "hypothesis_tokens", "reference_tokens", "seconds")
        scores = {name: score._asdict() for name, score in self.scores.items()}
        counts = {name: getattr(self, name) for name in names}
        return {"scores": scores, **counts, "sentences_a_second": self.sentences_a_second}


def scores(
    hypotheses: Sequence[str], references: Sequence[str], metrics: Sequence[str] = USUAL
) -> dict[str, Score]:
    """Scores hypotheses by their references, all figures from 0 to 100.

    Raises:
        ValueError: an unknown metric, no hypotheses, or unequal numbers of them and references.
    """
    _check(metrics)
    hypotheses, references = list(hypotheses), list(references)
    if not hypotheses and not references:
        raise ValueError("there is nothing to score: the corpus has no examples")
    if len(hypotheses) != len(references):
        raise ValueError(
            f"{len(hypotheses)} hypotheses for {len(references)} references: give one for each"
        )
    return {name: METRICS[name](hypotheses, references) for name in metrics}


def evaluate(
    generator: Generator,
    pairs: Iterable[tuple[str, str]],
    metrics: Sequence[str] = USUAL,
    progress: Callable[[int], None] = lambda count: None,
) -> Evaluation:
    """Generates a target for the source of each (source, reference) and scores it.

    Raises:
        ValueError: an unknown metric, or no pairs.
    """
    _check(metrics)
    pairs = list(pairs)
    sources, references = [source for source, _ in pairs], [target for _, target in pairs]
    generator([])  # so that tracing is not timed
    start = time.perf_counter()
    hypotheses = [answer.text for answer in generator.generate(sources, progress)]
    seconds = time.perf_counter() - start
    return Evaluation(
        scores=scores(hypotheses, references, metrics),
        sentences=len(pairs),
        source_tokens=_count(generator.source_tokenizer, sources),
        hypothesis_tokens=_count(generator.target_tokenizer, hypotheses),
        reference_tokens=_count(generator.target_tokenizer, references),
        seconds=seconds,
        hypotheses=hypotheses,
    )


def write_results(run: str | Path, split: str, result: Evaluation) -> Path:
    """Writes the result to `results/<split>.json` in the run directory, and returns the path."""
    path = Path(run) / "results" / f"{split}.json"
    write_whole(path, json.dumps(result.as_dict(), indent=2, ensure_ascii=False) + "\n")
    return path


def _check(metrics: Sequence[str]) -> None:
    for name in metrics:
        if name not in METRICS:
            raise ValueError(f"unknown metric {name!r} (known: {', '.join(METRICS)})")


def _count(tokenizer, texts: Sequence[str]) -> int:
    """Counts the tokens of texts, a window at a time."""
    windows = (texts[start : start + WINDOW] for start in range(0, len(texts), WINDOW))
    return sum(int(tf.size(tokenizer.tokenize(tf.constant(part)).flat_values)) for part in windows)
