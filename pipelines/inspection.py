"""Shows what a prepared Wikipedia holds: `python -m pipelines inspect`."""

import itertools
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.faults import require_split
from pipelines.text_files import require_file
from pipelines.wikipedia.article import Article
from pipelines.wikipedia.manifest import read_manifest
from pipelines.wikipedia.sentences import join_sentences
from pipelines.wikipedia.shards import read_articles

# What wikitext leaves in text that was not cleaned well.
MARKS = "{{ }} [[ ]] {| |} <ref | '' ==".split()
HOLE = "\ufffc"  # stands where a formula or an unknown template was left out
TAG = re.compile(r"</?(?:[a-z][a-z0-9]*)\b[^<>\n]*>", re.IGNORECASE)
WIDTH = 40  # of the longest bar
TOKENIZED = 4096  # sentences at a time

Unknown = Callable[[list[str]], tuple[int, int]]  # sentences -> pieces unknown, pieces in all


class Inspection:
    """Adds up what articles hold.

    lengths: how many sentences, paragraphs and articles have so many characters, by the number's
        binary digits: 3 stands for 4 to 7
    residue: marks of wikitext, and HTML tags
    """

    def __init__(self, samples: int, seed: int):
        self.lengths = {unit: Counter[int]() for unit in ("sentences", "paragraphs", "articles")}
        self.residue = Counter[str]()
        self.bytes = 0
        self.samples: list[tuple[str, str]] = []
        self._wanted, self._draw = samples, random.Random(seed)

    def add(self, article: Article) -> None:
        """Adds an article."""
        size = 0
        for sentences in article.paragraphs():
            text = join_sentences(sentences)
            self.lengths["sentences"].update(len(sentence).bit_length() for sentence in sentences)
            self._sample(article.title, text)
            self.lengths["paragraphs"][len(text).bit_length()] += 1
            self._search(text)
            size += len(text)
        self.lengths["articles"][size.bit_length()] += 1

    def count(self, unit: str) -> int:
        """Says how many "sentences", "paragraphs" or "articles" there are."""
        return self.lengths[unit].total()

    def _search(self, text: str) -> None:
        self.bytes += len(text.encode())
        for mark in MARKS:
            if mark in text:
                self.residue[mark] += text.count(mark)
        self.residue["holes"] += text.count(HOLE)
        if "<" in text:
            self.residue["HTML tags"] += len(TAG.findall(text))

    def _sample(self, title: str, text: str) -> None:
        """Keeps each paragraph with the same probability: Vitter (1985), algorithm R."""
        seen = self.lengths["paragraphs"].total()
        if len(self.samples) < self._wanted:
            self.samples.append((title, text))
        elif (place := self._draw.randrange(seen + 1)) < self._wanted:
            self.samples[place] = (title, text)


def inspect(
    folder: Path,
    split: str = "train",
    samples: int = 5,
    seed: int = 0,
    tokenizer: Path | None = None,
    console: Console | None = None,
) -> Inspection:
    """Prints counts, lengths, residue of markup, unknown pieces and sample passages of a split.

    Raises:
        ValueError: the folder holds no prepared Wikipedia, or no such split or tokenizer.
    """
    console = console or Console()
    manifest = read_manifest(folder)
    parts = {name: part for name, part in manifest["splits"].items() if part["files"]}
    require_split(split, parts)
    unknown = _unknown(tokenizer) if tokenizer else None
    found, pieces, unknowns = Inspection(samples, seed), 0, 0
    articles = _articles(folder, parts[split]["files"])
    with console.status(f"reading {split}"):
        for some in iter(lambda: list(itertools.islice(articles, 256)), []):
            for article in some:
                found.add(article)
            if unknown:
                sentences = [each for article in some for each in _sentences(article)]
                lost, all_of_them = unknown(sentences)
                unknowns, pieces = unknowns + lost, pieces + all_of_them
    _show_manifest(manifest, console)
    _show_lengths(found, split, console)
    _show_residue(found, console)
    if pieces:
        share = unknowns / pieces
        console.print(f"unknown pieces: {share:.4%} of {pieces:,} ({tokenizer})", highlight=False)
    for title, text in found.samples:
        console.print(Text(f"\n{title}", style="bold"))
        console.print(Text(text), soft_wrap=True)
    return found


def _articles(folder: Path, names: list[str]) -> Iterator[Article]:
    for name in names:
        yield from read_articles(require_file(folder, name))


def _sentences(article: Article) -> Iterator[str]:
    return itertools.chain.from_iterable(article.paragraphs())


def _unknown(folder: Path) -> Unknown:
    """Loads the tokenizer of the target side, which counts pieces and those that are unknown."""
    import tensorflow as tf

    from pipelines.special_tokens import UNKNOWN
    from pipelines.vocabulary import load_tokenizers

    tokenizer = load_tokenizers(folder).target

    def count(sentences: list[str]) -> tuple[int, int]:
        unknown = pieces = 0
        for start in range(0, len(sentences), TOKENIZED):
            ids = tokenizer.tokenize(tf.constant(sentences[start : start + TOKENIZED])).flat_values
            pieces += int(tf.size(ids))
            unknown += int(tf.math.count_nonzero(ids == UNKNOWN))
        return unknown, pieces

    return count


def _show_manifest(manifest: dict, console: Console) -> None:
    dump, options = manifest["dump"], manifest["options"]
    language = options["language"] or dump["language"]
    state = "complete" if manifest["complete"] else f"not complete: {manifest['damage']}"
    console.print(f"{dump['name']}, language {language}, {state}", highlight=False, markup=False)
    table = Table("split", *(("articles", "paragraphs", "sentences", "shards")))
    for split, part in manifest["splits"].items():
        numbers = [part[unit] for unit in ("articles", "paragraphs", "sentences")]
        table.add_row(split, *(f"{number:,}" for number in [*numbers, len(part["files"])]))
    console.print(table)
    for group, counts in manifest["counts"].items():
        listed = ", ".join(f"{number:,} {name}" for name, number in counts.items())
        console.print(f"{group}: {listed}", highlight=False, markup=False, soft_wrap=True)


def _show_lengths(found: Inspection, split: str, console: Console) -> None:
    for unit, lengths in found.lengths.items():
        table = Table("characters", unit, "", title=f"{split}: lengths of {unit}")
        most = max(lengths.values(), default=1)
        for digits in range(min(lengths, default=0), max(lengths, default=0) + 1):
            least = 1 << digits >> 1
            number = lengths[digits]
            bar = "█" * round(WIDTH * number / most)
            table.add_row(f"{least:,} to {max(least * 2 - 1, 0):,}", f"{number:,}", bar)
        console.print(table)


def _show_residue(found: Inspection, console: Console) -> None:
    megabytes = found.bytes / 1e6
    names = [*MARKS, "HTML tags", "holes"]
    listed = ", ".join(f"{name} {found.residue[name] / max(megabytes, 1e-9):.1f}" for name in names)
    console.print(
        f"residue of markup per MB of text ({megabytes:.2f} MB): {listed}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
