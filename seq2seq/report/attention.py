"""Where chosen targets were read off their sources."""

from dataclasses import dataclass

from seq2seq.report.elements import element, figure, note
from seq2seq.report.heat_map import can_draw, heat_map
from seq2seq.report.material import Material
from seq2seq.report.section import Section


@dataclass(frozen=True)
class AttentionMaps(Section):
    """Draws the attention of the sentences asked for, or of some of each quality.

    Args:
        each: how many of the worst, of those in the middle and of the best are chosen.
        longest: sentences of more source tokens are chosen only when asked for.
    """

    each: int = 2
    longest: int = 40
    title = "Attention"
    about = (
        "Each row is a token that was written, each column one that was read; the darker, the more "
        "attention. Of a Transformer it is the mean over the heads of the last layer."
    )

    def measure(self, material: Material) -> dict | None:
        places = list(dict.fromkeys(material.shown or self._chosen(material)))
        if material.explain is None or not places:
            return None
        read = material.explain(
            [(material.sources[place], material.hypotheses[place]) for place in places]
        )
        maps = [
            {
                "line": place + 1,
                "chrf": material.sentence_chrf["own"][place],
                "source": each.source,
                "target": each.pieces,
                "log_probabilities": [round(value, 4) for value in each.log_probabilities],
                "weights": [[round(float(weight), 4) for weight in row] for row in each.attention],
            }
            for place, each in zip(places, read)
        ]
        return {"maps": maps}

    def show(self, found: dict):
        if not can_draw():
            yield note("matplotlib draws these; install keras-seq2seq[report].")
            return
        for each in found["maps"]:
            drawn = heat_map(
                each["source"], each["target"], each["weights"], f"line {each['line']}"
            )
            said = f"Line {each['line']:,}, chrF {figure(each['chrf'], 1)}"
            yield element("figure", element("figcaption", said), drawn, class_="wide")

    def _chosen(self, material: Material) -> list[int]:
        order = [place for place in material.order if material.lengths[place] <= self.longest]
        middle = max(0, (len(order) - self.each) // 2)
        parts = order[: self.each], order[middle : middle + self.each], order[-self.each :]
        return [place for part in parts for place in part]
