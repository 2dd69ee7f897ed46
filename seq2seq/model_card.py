"""The README of an exported version: what it is, what it was made of, and what it is not for."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class About:
    """What a model's card tells beside what the export knows.

    Args:
        recipe: the sections of the recipe, plain data.
        results: by split, what `seq2seq evaluate` has written.
        licence: what the model may be used for.
    """

    recipe: dict = field(default_factory=dict)
    results: dict[str, dict] = field(default_factory=dict)
    licence: str | None = None

    @classmethod
    def read(cls, run: Path, licence: str | None = None) -> Self:
        """Reads a run's folder."""
        load = lambda path: json.loads(path.read_text(encoding="utf-8"))
        results = {path.stem: load(path) for path in sorted((run / "results").glob("*.json"))}
        return cls(load(run / "recipe.json"), results, licence)

    def card(self, name: str, serving: dict) -> str:
        """Writes Markdown; `serving` is what serving.json says."""
        parts = {
            f"# {name}": _summary(serving),
            "## Data": self._data(),
            "## Recipe": self._recipe(),
            "## Scores": "\n".join(self._scores()),
            "## Licence": self.licence or NO_LICENCE,
            "## Limits": "\n".join(_limits(serving["limits"])),
            "## Ask it": _request(name, serving),
        }
        return "\n\n".join(f"{head}\n\n{text}" for head, text in parts.items()) + "\n"

    def _data(self) -> str:
        if not self.recipe:
            return "Not told: the model was exported from Python."
        corpus, tokenizer = self.recipe["corpus"], self.recipe["tokenizer"]
        return f"Corpus:\n\n{_block(corpus)}\n\nTokenizer:\n\n{_block(tokenizer)}"

    def _recipe(self) -> str:
        told = {name: self.recipe[name] for name in self.recipe if name not in DATA}
        return _block(told) if told else "Not told."

    def _scores(self):
        if not self.results:
            yield "None were counted before the export: `seq2seq evaluate RUN` does."
            return
        yield "| split | score | | signature | sentences |"
        yield "| --- | --- | --- | --- | --- |"
        for split, result in self.results.items():
            for metric, (value, signature) in _pairs(result["scores"]):
                told = signature.replace("|", "\\|")  # which parts cells
                yield f"| {split} | {metric} | {value:.2f} | `{told}` | {result['sentences']:,} |"


DATA = ("corpus", "tokenizer")
NO_LICENCE = (
    "Not stated. What the data may be used for may bind what was learned of it: see the corpus's "
    "terms before the model is given away."
)


def _pairs(scores: dict):
    return [(name, (score["value"], score["signature"])) for name, score in scores.items()]


def _summary(serving: dict) -> str:
    lines = [f"* `{name}`: {each['about']}" for name, each in serving["signatures"].items()]
    told = "\n".join(lines)
    return (
        f"A SavedModel, text in and text out, for TensorFlow Serving. It may be asked by:\n\n{told}"
    )


def _limits(limits: dict):
    yield f"* Of a text, the first {limits['source_tokens']} pieces are read, END included."
    yield (
        f"* A target has at most {limits['target_per_source']:g} pieces for each of the source and "
        f"{limits['target_margin']} more, and never more than {limits['target_tokens']}."
    )
    yield (
        "* A score is the log-probability that the model gives its own words, after the search's "
        "penalties. It compares targets of one source, and does not say whether one is right."
    )
    yield (
        "* What it says of texts unlike its data was not measured. It may leave out, add, or "
        "repeat; people should read what matters."
    )


def _request(name: str, serving: dict) -> str:
    body = json.dumps(serving["signatures"]["serving_default"]["request"], ensure_ascii=False)
    quoted = body.replace("'", "'\\''")
    return (
        f"```sh\ncurl -d '{quoted}' localhost:8501/v1/models/{name}:predict\n```\n\n"
        "`serving.json` shows a request to each signature, and its answer."
    )


def _block(data: dict) -> str:
    return f"```json\n{json.dumps(data, indent=1, ensure_ascii=False)}\n```"
