"""Quality by the length of the source."""

from dataclasses import dataclass

from seq2seq.report.groups import measure_groups, show_groups
from seq2seq.report.material import Material
from seq2seq.report.section import Section


@dataclass(frozen=True)
class Lengths(Section):
    """Groups sentences by the tokens of their sources: up to each of `edges`, and more."""

    edges: tuple[int, ...] = (10, 20, 30, 40, 60, 100, 200)
    title = "By length"
    about = (
        "Sources by their tokens, as the model reads them. Length is the words of all hypotheses "
        "divided by those of their references."
    )

    def measure(self, material: Material) -> dict:
        groups: dict[str, list[int]] = {
            self._name(place): [] for place in range(len(self.edges) + 1)
        }
        for place, length in enumerate(material.lengths):
            groups[self._name(sum(length > edge for edge in self.edges))].append(place)
        return {"groups": measure_groups(material, groups)}

    def show(self, found: dict):
        yield show_groups("source tokens", found["groups"])

    def _name(self, place: int) -> str:
        if place == 0:
            return f"up to {self.edges[0]}"
        first = self.edges[place - 1] + 1
        return (
            f"{first} and more" if place == len(self.edges) else f"{first} to {self.edges[place]}"
        )
