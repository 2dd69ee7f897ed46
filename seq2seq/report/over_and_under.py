"""What was added and what was left out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seq2seq.details import Details
from seq2seq.report.elements import figure, listing, note, percent, table
from seq2seq.report.groups import length_ratio
from seq2seq.report.material import Material
from seq2seq.report.section import Section


@dataclass(frozen=True)
class OverAndUnder(Section):
    """Looks for targets that are too short or too long, and for source tokens hardly read.

    Args:
        short, long: a hypothesis with fewer, or more, times the words of its reference is told.
        least, most: a source token is left out, or overused, if the attention it got in all is
            less, or more, than this.
        read: attention is looked at in so many sentences, spread over all.
        listed: how many sentences of a kind are shown.
    """

    short: float = 0.7
    long: float = 1.4
    least: float = 0.2
    most: float = 2.5
    read: int = 1000
    listed: int = 5
    title = "Over- and under-translation"
    about = (
        "Words of hypotheses for each word of their references; and the attention that each source "
        "token got in all while the target was written (its coverage, Tu et al. 2016): near 0, it "
        "was hardly read. References, read by the same model, show what is usual."
    )

    def measure(self, material: Material) -> dict:
        systems = material.systems()
        return {
            "limits": [self.short, self.long],
            "lengths": {name: self._lengths(material, texts) for name, texts in systems.items()},
            "shown": self._extremes(material),
            "coverage": self._coverage(material) if material.explain else None,
        }

    def show(self, found: dict):
        short, long = found["limits"]
        names = {"own": "hypotheses", "other": "the other's"}
        head = "", "words a reference's word", f"below {short}", f"above {long}", "empty"
        cells = lambda row: [figure(row["ratio"])] + [
            figure(row[name], 0) for name in ("short", "long", "empty")
        ]
        yield table(head, ([names[key], *cells(row)] for key, row in found["lengths"].items()))
        if found["shown"]:
            columns = {"line": "line", "ratio": "length", "reference": "reference"}
            yield listing(columns | {"hypothesis": "hypothesis"}, found["shown"])
        if found["coverage"]:
            yield from self._show_coverage(found["coverage"])

    def _lengths(self, material: Material, texts: Sequence[str]) -> dict:
        pairs = zip(texts, material.references)
        ratios = [length_ratio([text], [reference]) for text, reference in pairs]
        told = [ratio for ratio in ratios if ratio is not None]
        return {
            "ratio": length_ratio(texts, material.references),
            "short": sum(ratio < self.short for ratio in told),
            "long": sum(ratio > self.long for ratio in told),
            "empty": sum(not text.strip() for text in texts),
        }

    def _extremes(self, material: Material) -> list[dict]:
        told: list[tuple[float, dict]] = []
        for place, (found, wanted) in enumerate(zip(material.hypotheses, material.references)):
            ratio = length_ratio([found], [wanted])
            if ratio is not None:
                texts = {"reference": wanted, "hypothesis": found}
                told.append((ratio, {"line": place + 1, "ratio": ratio, **texts}))
        told.sort(key=lambda each: each[0])
        short = [row for ratio, row in told if ratio < self.short][: self.listed]
        return short + [row for ratio, row in told if ratio > self.long][-self.listed :]

    def _coverage(self, material: Material) -> dict:
        count = min(self.read, len(material.sources))
        places = [place * len(material.sources) // count for place in range(count)]
        found: dict = {"sentences": count, "limits": [self.least, self.most]}
        for side, texts in (("own", material.hypotheses), ("references", material.references)):
            pairs = [(material.sources[place], texts[place]) for place in places]
            read = material.explain(pairs)  # type: ignore[misc]
            found[side] = self._counted(read)
            if side == "own":
                found["shown"] = self._left_out(material, dict(zip(places, read)))
        return found

    def _counted(self, read: Sequence[Details]) -> dict:
        all_ = np.concatenate([coverage(each) for each in read])
        share = lambda which: 100 * float(np.mean(which)) if all_.size else None
        return {
            "tokens": int(all_.size),
            "left_out": share(all_ < self.least),
            "overused": share(all_ > self.most),
        }

    def _left_out(self, material: Material, read: dict[int, Details]) -> list[dict]:
        rows: list[dict] = []
        for place, each in read.items():
            pieces = [piece for piece, got in zip(each.source, coverage(each)) if got < self.least]
            texts = {"source": material.sources[place], "hypothesis": material.hypotheses[place]}
            rows.append({"line": place + 1, "pieces": pieces, **texts})
        rows.sort(key=lambda row: -len(row["pieces"]))
        return [row for row in rows[: self.listed] if row["pieces"]]

    def _show_coverage(self, found: dict):
        least, most = found["limits"]
        head = (
            "attention of",
            "source tokens",
            f"left out (below {least})",
            f"overused (above {most})",
        )
        rows = (
            [name, figure(found[key]["tokens"], 0)]
            + [percent(found[key][kind]) for kind in ("left_out", "overused")]
            for key, name in (("own", "hypotheses"), ("references", "references"))
        )
        yield table(head, rows)
        if found["shown"]:
            yield note("Most source tokens left out, as attention tells:")
            columns = {"line": "line", "pieces": "left out", "source": "source"}
            yield listing(columns | {"hypothesis": "hypothesis"}, found["shown"])


def coverage(read: Details) -> np.ndarray:
    """Adds up the attention that each source token got: weights [T, S] -> [S - 1], END left out."""
    return np.sum(read.attention, axis=0)[:-1]
