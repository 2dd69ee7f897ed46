"""The scores of the whole."""

from collections.abc import Sequence
from dataclasses import dataclass

from sacrebleu.metrics import TER

from seq2seq.evaluation import Score, scores
from seq2seq.report.comet import comet
from seq2seq.report.elements import figure, note, table
from seq2seq.report.material import Material
from seq2seq.report.section import Section

NAMES = {"bleu": "BLEU", "chrf": "chrF", "ter": "TER", "comet": "COMET"}
LESS_IS_BETTER = ("ter",)


@dataclass(frozen=True)
class Scores(Section):
    """Scores by each of `metrics`, by all that were evaluated, and by TER.

    COMET is added where a model of it is given.
    """

    metrics: tuple[str, ...] = ("bleu", "chrf", "rouge1", "rouge2", "rougeL")
    title = "Scores"
    about = "Figures of the whole, each with its signature: how it was counted."

    def measure(self, material: Material) -> dict:
        evaluated = material.evaluation.as_dict()
        metrics = tuple(dict.fromkeys([*self.metrics, *evaluated.pop("scores")]))
        found = {
            name: self._scored(material, texts, metrics)
            for name, texts in material.systems().items()
        }
        rows = [
            {
                "metric": metric,
                "less_is_better": metric in LESS_IS_BETTER,
                "signature": score.signature,
                **{name: each[metric].value for name, each in found.items()},
            }
            for metric, score in found["own"].items()
        ]
        return {"scores": rows, "other": material.other and material.other.name, **evaluated}

    def show(self, found: dict):
        compared = found["other"] is not None
        values = lambda row: [figure(row["own"])] + (
            [figure(row["other"]), f"{row['own'] - row['other']:+.2f}"] if compared else []
        )
        name = lambda row: NAMES.get(row["metric"], row["metric"]) + (
            " (less is better)" if row["less_is_better"] else ""
        )
        head = [
            "metric",
            "score",
            *(["the other's", "difference"] if compared else []),
            "signature",
        ]
        yield table(head, ([name(row), *values(row), row["signature"]] for row in found["scores"]))
        if compared:
            yield note(f"The other: {found['other']}.")
        yield note(
            f"{found['sentences']:,} sentences in {found['seconds']:,.1f} s "
            f"({found['sentences_a_second']:,.1f} a second); tokens: {found['source_tokens']:,} in "
            f"sources, {found['reference_tokens']:,} in references, {found['hypothesis_tokens']:,} "
            "in hypotheses."
        )

    def _scored(self, material: Material, texts, metrics) -> dict[str, Score]:
        found = scores(texts, material.references, metrics)
        found["ter"] = ter(texts, material.references)
        if material.comet is not None:
            given = material.sources, texts, material.references
            found["comet"] = comet(material.comet, *given)
        return found


def ter(hypotheses: Sequence[str], references: Sequence[str]) -> Score:
    """Counts TER as sacreBLEU does by default: edits for each word of a reference, in percent.

    Snover et al. (2006). 0 is best, and it may be above 100.
    """
    metric = TER()
    value = metric.corpus_score(list(hypotheses), [list(references)]).score
    return Score(value, metric.get_signature().format())
