"""Is the difference between two models more than chance?"""

from dataclasses import dataclass

from sacrebleu.metrics import BLEU, CHRF, TER
from sacrebleu.significance import PairedTest

from seq2seq.report.elements import figure, table
from seq2seq.report.material import Material
from seq2seq.report.section import Section


@dataclass(frozen=True)
class Significance(Section):
    """Tests the difference by paired bootstrap resampling, as sacreBLEU does: Koehn (2004).

    Args:
        samples: how often sentences are drawn anew.
        level: a difference is significant if p is below it.
    """

    samples: int = 1000
    level: float = 0.05
    title = "Is the difference significant?"
    about = (
        "Paired bootstrap resampling (Koehn 2004): sentences are drawn anew, with repetition, and "
        "both models are scored on the same draw. p says how often a difference as large would "
        "come from the draw alone."
    )

    def measure(self, material: Material) -> dict | None:
        if material.other is None:
            return None
        systems: list = [("other", list(material.other.hypotheses))]
        systems.append(("own", list(material.hypotheses)))
        metrics = {"BLEU": BLEU(), "chrF": CHRF(), "TER": TER()}
        # One process: workers would be forked from one where TensorFlow's threads run.
        test = PairedTest(
            systems, metrics, [list(material.references)], "bs", self.samples, n_jobs=1
        )
        signatures, results = test()
        same = list(material.other.hypotheses) == list(material.hypotheses)
        rows = [
            self._row(name, results[key], signatures[key].format(), same)
            for name, key in zip(metrics, signatures)
        ]
        return {"other": material.other.name, "level": self.level, "tests": rows}

    def show(self, found: dict):
        yield table(
            ["metric", "score", "95 %", "the other's", "95 %", "difference", "p", "", "signature"],
            (self._cells(row) for row in found["tests"]),
        )

    def _row(self, name: str, results: list, signature: str, same: bool) -> dict:
        other, own = results
        # sacreBLEU counts draws that differ by more than was seen: of the same texts, none does.
        p = 1.0 if same or own.score == other.score else own.p_value
        told = lambda result: {
            name: float(value)
            for name, value in zip(
                ("score", "mean", "interval"), (result.score, result.mean, result.ci)
            )
        }
        return {
            "metric": name,
            "own": told(own),
            "other": told(other),
            "p": p,
            "significant": p < self.level,
            "signature": signature,
        }

    def _cells(self, row: dict) -> list[str]:
        sides = [
            text
            for side in (row["own"], row["other"])
            for text in (figure(side["score"]), f"{side['mean']:.2f} ± {side['interval']:.2f}")
        ]
        difference = f"{row['own']['score'] - row['other']['score']:+.2f}"
        verdict = "significant" if row["significant"] else "may be chance"
        return [row["metric"], *sides, difference, figure(row["p"], 4), verdict, row["signature"]]
