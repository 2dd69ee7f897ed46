"""Shows what a recipe makes of its corpus, from text to batches: `python -m pipelines peek`."""

import itertools
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines import configuration, plugins
from pipelines.batches import Batching, training_batches
from pipelines.corpora.corpus import Corpus, Pair
from pipelines.faults import require_split
from pipelines.noising import noised_pairs
from pipelines.records import Limits, Records, write_records
from pipelines.special_tokens import PAD
from pipelines.vocabulary import Tokenizers, make_tokenizers


class Amounts(NamedTuple):
    """How much is looked at: pairs read of a split, pairs shown whole, batches made."""

    lines: int = 20_000
    examples: int = 3
    batches: int = 200


class Beginning(Corpus):
    """The first `lines` pairs of each split of a corpus; counts those it gave of the latest."""

    def __init__(self, corpus: Corpus, lines: int):
        self._corpus, self._lines = corpus, lines
        self.given = 0

    def splits(self) -> list[str]:
        return self._corpus.splits()

    @property
    def dropped(self):
        return self._corpus.dropped

    @property
    def symbols(self):
        return self._corpus.symbols

    def pairs(self, split: str) -> Iterator[Pair]:
        self.given = 0
        for pair in itertools.islice(self._corpus.pairs(split), self._lines):
            self.given += 1
            yield pair

    @property
    def is_cut(self) -> bool:
        """Says whether the split that was read last may have more pairs."""
        return self.given == self._lines

    @property
    def extent(self) -> str:
        """Says in words what the latest read gave."""
        return f"{'the first' if self.is_cut else 'all'} {self.given:,} pairs"


@dataclass
class Tally:
    """What batches hold, by side: rows, real tokens, and cells, which are tokens and padding."""

    batches: int = 0
    rows: int = 0
    real: np.ndarray = field(default_factory=lambda: np.zeros(2, np.int64))
    cells: np.ndarray = field(default_factory=lambda: np.zeros(2, np.int64))

    def add(self, source: np.ndarray, target: np.ndarray) -> None:
        """Counts a batch, source [B, S] and target [B, T]."""
        self.batches += 1
        self.rows += len(target)
        self.real += [np.count_nonzero(source != PAD), np.count_nonzero(target != PAD)]
        self.cells += [source.size, target.size]

    def filled(self) -> list[str]:
        """Returns the shares of real tokens on the source and on the target side."""
        return [f"{share:.1%}" for share in self.real / self.cells]


class Speed(NamedTuple):
    """Seconds until the first batch was there, and until all were."""

    first: float
    all: float


def peek(
    recipe: str | Path,
    changes: list[str],
    split: str = "train",
    amounts: Amounts = Amounts(),
    console: Console | None = None,
) -> None:
    """Prints examples of a recipe's split, what is left out of it, and what its batches hold.

    Raises:
        ValueError: the recipe or its corpus is faulty, or nothing is left to make batches of.
    """
    console = console or Console()
    sections = configuration.read(recipe, changes)
    limits = Limits(**_options(sections, "limits", Limits))
    batching = Batching(**_options(sections, "batches", Batching))
    whole = plugins.build("pipelines.corpora", Corpus, _section(sections, "corpus"))
    corpus = Beginning(whole, amounts.lines)
    require_split(split, corpus.splits())  # better said before tokenizers are trained than after
    with console.status("making tokenizers"):
        tokenizers = make_tokenizers(corpus, _section(sections, "tokenizer"))
    _show_tokenizers(tokenizers, corpus, sections["tokenizer"].get("folder"), console)
    pairs = list(itertools.islice(corpus.pairs(split), amounts.examples))
    pairs = list(noised_pairs(pairs, tokenizers))
    _show_examples(pairs, tokenizers, console)
    with tempfile.TemporaryDirectory() as folder:
        place = os.path.join(folder, "records")
        with console.status("tokenizing"):
            records = write_records(corpus.pairs(split), tokenizers, place, limits)
        _show_counts(records, corpus, split, limits, console)
        by_length, speed = measure(training_batches(records, batching), amounts.batches)
    _show_batches(by_length, batching, console)
    _show_totals(by_length, speed, console)


def measure(batches: tf.data.Dataset, number: int) -> tuple[dict[int, Tally], Speed]:
    """Counts what the first batches hold, by the upper end of their range of target lengths."""
    by_length: dict[int, Tally] = {}
    begun, first = time.perf_counter(), 0.0
    for batch, _, _ in batches.take(number):
        first = first or time.perf_counter() - begun
        source, target = batch["source"].numpy(), batch["target"].numpy()
        by_length.setdefault(upper(target.shape[1]), Tally()).add(source, target)
    return dict(sorted(by_length.items())), Speed(first, time.perf_counter() - begun)


def upper(length: int) -> int:
    """Returns the upper end of a length's range: 1 to 8, 9 to 12, 13 to 16, 17 to 24, 25 to 32."""
    end = 8
    while end < length:
        end += end // 2 if end & (end - 1) == 0 else end // 3
    return end


def total(tallies: Iterable[Tally]) -> Tally:
    """Adds tallies up."""
    summed = Tally()
    for tally in tallies:
        summed.batches += tally.batches
        summed.rows += tally.rows
        summed.real += tally.real
        summed.cells += tally.cells
    return summed


def _section(sections: dict, name: str) -> dict:
    if not isinstance(sections.get(name), dict):
        raise ValueError(f"the recipe lacks its section [{name}]")
    return sections[name]


def _options(sections: dict, name: str, constructor) -> dict:
    try:
        return plugins.check(constructor, _section({name: {}} | sections, name))
    except ValueError as error:
        raise ValueError(f"[{name}] {error}") from None


def _show_tokenizers(tokenizers: Tokenizers, corpus: Beginning, folder, console) -> None:
    sizes = [f"{type(one).__name__} of {one.size:,} ids" for one in dict.fromkeys(tokenizers)]
    where = f"read from {folder}" if folder else f"trained here on {corpus.extent} of train"
    if not folder and corpus.is_cut:
        where += "; more text gives others (see --lines, and tokenizer.folder)"
    kind = "shared" if tokenizers.shared else "source and target"
    console.print(Text(f"Tokenizer: {kind}, {' and '.join(sizes)}, {where}"))


def _show_examples(pairs: list[Pair], tokenizers: Tokenizers, console) -> None:
    table = Table(show_header=False, show_lines=True)
    for pair in pairs:
        for side, text, tokenizer in zip(("source", "target"), pair, tokenizers):
            ids = tokenizer.tokenize(tf.constant([text]))
            spelled = [token.decode() for token in tokenizer.tokens(ids).to_list()[0]]
            told = Text.assemble(text, "\n", (" ".join(spelled), "cyan"))
            table.add_row(f"{side}\n{len(spelled)} tokens", told)
    if pairs:
        _print("Examples", table, console)


def _show_counts(records: Records, corpus: Beginning, split: str, limits, console) -> None:
    counts = dict(records.counts)
    lengths = {f"{side} tokens": counts.pop(f"{side} tokens") for side in ("source", "target")}
    kept = counts.pop("examples")
    table = _table("", "pairs", "share")
    rows = {"kept": kept}
    for reason, count in counts.items():
        most = getattr(limits, reason.split()[0], None)  # "source too long"
        rows[f"left out: {reason}" + (f" (most is {most}, mark included)" if most else "")] = count
    rows |= {f"dropped by the corpus: {why}": count for why, count in corpus.dropped.items()}
    for reason, count in rows.items():
        table.add_row(reason, f"{count:,}", f"{count / sum(rows.values()):.1%}")
    _print(f"Read of {split}: {corpus.extent}", table, console)
    means = (f"{count / kept:.1f} {name}" for name, count in lengths.items())
    console.print(f"A kept pair has {' and '.join(means)} on average.")


def _show_batches(by_length: dict[int, Tally], batching: Batching, console) -> None:
    title = f"Batches of at most {batching.tokens:,} tokens a side, padding counted"
    titles = "target length", "batches", "rows", "rows a batch", "source fill", "target fill"
    table = _table(*titles)
    for end, tally in by_length.items():
        begin = max((upper(n) for n in range(1, end) if upper(n) < end), default=0) + 1
        numbers = f"{tally.batches:,}", f"{tally.rows:,}", f"{tally.rows / tally.batches:,.1f}"
        table.add_row(f"{begin} to {end}", *numbers, *tally.filled())
    _print(title, table, console)


def _show_totals(by_length: dict[int, Tally], speed: Speed, console) -> None:
    summed = total(by_length.values())
    padding = 1 - summed.real.sum() / summed.cells.sum()
    source, target = summed.real / summed.batches
    source_speed, target_speed = summed.real / speed.all
    table = _table("", "source", "target", "both")
    shares = 1 - summed.real / summed.cells
    table.add_row("padding", *(f"{share:.1%}" for share in shares), f"{padding:.1%}")
    table.add_row("tokens a batch", *_numbers(source, target))
    table.add_row("tokens a second", *_numbers(source_speed, target_speed))
    _print(f"All {summed.batches:,} batches", table, console)
    waited = f"the wait of {speed.first:.1f} s for the first batch included"
    console.print(f"Tokens are real ones, padding left out. Made without a model, {waited}.")


def _numbers(source: float, target: float) -> list[str]:
    return [f"{number:,.0f}" for number in (source, target, source + target)]


def _print(title: str, table: Table, console: Console) -> None:
    # A table's own title is broken where the table ends, however narrow that is.
    console.print(Text(f"\n{title}", "bold"))
    console.print(table)


def _table(first: str, *others: str) -> Table:
    table = Table()
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right")
    return table
