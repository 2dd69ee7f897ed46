"""Writes what an evaluation has found into a folder."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import tensorflow as tf

from pipelines.whole_files import write_whole
from seq2seq.details import Details
from seq2seq.evaluation import Evaluation
from seq2seq.generator import Generator
from seq2seq.lines import one_line, read_texts
from seq2seq.report.material import Material, Other
from seq2seq.report.page import page
from seq2seq.report.sections import measure
from seq2seq.report.words import WordCounts, count_words
from seq2seq.run_folder import RunFolder

PAGE, DATA, HYPOTHESES = "report.html", "report.json", "hypotheses.txt"
COUNTED = 1_000_000  # training pairs whose words are counted
CHUNK = 4096


@dataclass(frozen=True)
class ReportOptions:
    """What a report holds besides what it always holds.

    Args:
        compare: another run, or a file with what another model wrote, a line each.
        show: numbers, from 1, of the sentences whose attention is drawn; a choice if empty.
        comet: a COMET model's .ckpt file.
    """

    compare: Path | None = None
    show: Sequence[int] = field(default=())
    comet: Path | None = None


def write_report(
    folder: Path,
    run: RunFolder,
    generator: Generator,
    pairs: Sequence[tuple[str, str]],
    result: Evaluation,
    options: ReportOptions = ReportOptions(),
) -> Path:
    """Writes report.html, report.json and hypotheses.txt, and returns the page's path.

    Raises:
        ValueError: what is compared does not fit, or a number is that of no sentence.
    """
    for number in options.show:
        if not 1 <= number <= len(pairs):
            raise ValueError(
                f"there is no sentence {number} to show: they go from 1 to {len(pairs)}"
            )
    sources = [source for source, _ in pairs]
    material = Material(
        sources=sources,
        references=[target for _, target in pairs],
        evaluation=result,
        lengths=_lengths(generator.source_tokenizer, sources),
        other=_other(options.compare, sources) if options.compare else None,
        counts=_training_words(run),
        explain=lambda pairs: _explained(generator, pairs),
        shown=[number - 1 for number in options.show],
        comet=options.comet,
    )
    told = {"title": f"{run.folder}: {len(pairs):,} sentences", "sections": measure(material)}
    written = json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False)
    # Read back, so that the page is of nothing but what the file says.
    write_whole(folder / PAGE, page(json.loads(written)))
    write_whole(folder / DATA, written + "\n")
    lines = "".join(f"{one_line(hypothesis)}\n" for hypothesis in material.hypotheses)
    write_whole(folder / HYPOTHESES, lines)
    return folder / PAGE


def _explained(generator: Generator, pairs: Sequence[tuple[str, str]]) -> list[Details]:
    """Tells how the model says the target of each (source, target), piece by piece."""
    sources, targets = zip(*pairs)
    return [said.details for said in generator.explain(sources, targets) if said.details]


def _lengths(tokenizer, texts: Sequence[str]) -> list[int]:
    """Counts the tokens of each text."""
    lengths: list[int] = []
    for begin in range(0, len(texts), CHUNK):
        part = tf.constant([text.encode(errors="replace") for text in texts[begin : begin + CHUNK]])
        lengths += tokenizer.tokenize(part).row_lengths().numpy().tolist()
    return lengths


def _other(path: Path, sources: Sequence[str]) -> Other:
    """Reads what another model wrote for the sources, or lets it write.

    Raises:
        ValueError: the file has more or fewer lines, or the folder holds no run.
    """
    if path.is_dir():
        answers = RunFolder(path).generator().generate(sources)
        return Other(str(path), [answer.text for answer in answers])
    hypotheses = list(read_texts(path))
    if len(hypotheses) != len(sources):
        raise ValueError(
            f"{path} has {len(hypotheses)} lines for {len(sources)} sentences: give a file with "
            "what was written for each of them, in order"
        )
    return Other(str(path), hypotheses)


def _training_words(run: RunFolder) -> WordCounts | None:
    """Counts the words of training, where the corpus is still to be read."""
    try:
        return count_words(run.pairs("train"), COUNTED)
    except (ValueError, OSError) as reason:
        print(f"no words of training are counted: {reason}", file=sys.stderr)
        return None
