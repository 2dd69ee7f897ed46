"""Checks an exported model as a server would run it: python -m seq2seq.export_check VERSION.

A program of its own, run in a fresh process that imports neither TensorFlow nor Keras: what answers
there is the folder and TensorFlow's C library, with XLA turned off as TensorFlow Serving does. It
prints the report as JSON.
"""

import json
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seq2seq.c_api import Library, ServedModel
from seq2seq.graph_check import TEXT_OPS, Graph, port_problems
from seq2seq.serving_samples import Sample, read_samples
from seq2seq.warmup import read_requests

TOLERANCE = 1e-4  # of a number, relative, or of 1: the sums of other shapes differ by rounding
# Where products have 16 bits, other shapes round otherwise. A search that comes to two tokens as
# likely then goes another way: to a target as likely within ROUNDED, or, of at most so many rows,
# to any. What leaks from one row to another would change more of them.
ROUNDED = 0.03
OTHER_WAYS = 1 / 4
MOST_BYTES = 2**31 - 1  # of a protocol buffer
ALONE = 32  # rows of a signature that are asked alone, too
Answers = dict[str, np.ndarray]
Model = Callable[[str, dict], Answers]


class Check(NamedTuple):
    """What was looked at, how much of it there was, and what is wrong; nothing is good."""

    name: str
    about: str
    problems: list[str]


def check_version(folder: Path) -> list[Check]:
    """Looks at all that a server does with a version's folder.

    Raises:
        ValueError: it is no exported model.
        RuntimeError: TensorFlow cannot load it.
    """
    path = folder / "saved_model.pb"
    if not path.is_file():
        raise ValueError(f"{folder} holds no exported model: {path.name} is missing")
    core, graph = Library().ops(), Graph(path.read_bytes())
    first = [_graph(graph, core), _size(folder)]
    if any(check.problems for check in first):  # what cannot be loaded is not tried
        return first
    model = ServedModel(folder)
    samples = read_samples(folder)
    signatures = Check(
        "signatures", ", ".join(sorted(model.signatures)), [*port_problems(model.signatures)]
    )
    return [
        *first,
        signatures,
        check_answers(model, samples),
        check_alone(model, samples, graph.rounds),
        check_warm_up(model, folder),
    ]


def _graph(graph: Graph, core: frozenset[str]) -> Check:
    text = len(graph.ops & TEXT_OPS - core)
    about = f"{len(graph.ops)} kinds of ops, {text} of them TensorFlow Text's; no XLA, no Python"
    return Check("graph", about, [*graph.problems(core)])


def _size(folder: Path) -> Check:
    sizes = {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    graph, weights = (
        sum(size for path, size in sizes.items() if path.relative_to(folder).parts[0] == name)
        for name in ("saved_model.pb", "variables")
    )
    told = [
        f"{part} {size / 1e6:.1f} MB" for part, size in [("graph", graph), ("weights", weights)]
    ]
    too_large = [f"saved_model.pb has {graph} bytes, more than a server reads ({MOST_BYTES})"]
    return Check("size", ", ".join(told), too_large if graph > MOST_BYTES else [])


def check_answers(model: Model, samples: list[Sample]) -> Check:
    """Compares with what Python answered when the model was exported."""
    problems: list[str] = []
    for name, inputs, wanted in samples:
        found = _asked(model, name, inputs, problems)
        problems += [f"{name}: {said}" for said in differences(inputs, found, wanted)]
    rows = sum(_rows(sample.inputs) for sample in samples)
    return Check(
        "answers", f"{len(samples)} requests of {rows} rows answered as in Python", problems
    )


def check_alone(model: Model, samples: list[Sample], rounds: bool = False) -> Check:
    """Compares the answers to the first rows, each alone, with those in their batches.

    rounds: products have 16 bits. Answers may differ then where their scores are nearly alike, and
    some texts at all; what is drawn at random may differ wholly, and is not compared.
    """
    problems: list[str] = []
    others: list[str] = []  # rows whose search went another way
    counts: Counter[str] = Counter()
    ties = 0
    for sample in samples:
        rows = min(_rows(sample.inputs), ALONE - counts[sample.signature])
        if _rows(sample.inputs) < 2 or rounds and "seed" in sample.inputs:
            continue
        counts[sample.signature] += rows
        for found, among, said in _each_alone(model, sample, rows, problems):
            if rounds and _tied(found, among):
                ties += 1
            elif rounds and _went_another_way(found, among):
                others.append(said[0])
            else:
                problems += said
    if len(others) > OTHER_WAYS * counts.total():
        problems += others
    about = f"{counts.total()} rows answered alone as in their batch"
    if ties or others:
        about += f", but for rounding to 16 bits: {ties + len(others)} of them otherwise"
        about += f", of which {ties} as likely"
    return Check("alone", about, problems)


def _each_alone(
    model: Model, sample: Sample, rows: int, problems: list[str]
) -> Iterator[tuple[Answers, Answers, list[str]]]:
    """Yields answers to rows that differ alone: found, among others, and what is to be said."""
    for row in range(rows):
        one = {each: array[row : row + 1] for each, array in sample.inputs.items()}
        found = _asked(model, sample.signature, one, problems)
        among = _row(sample.outputs, row, found)
        said = [f"{sample.signature} alone: {each}" for each in differences(one, found, among)]
        if said:
            yield found, among, said


def _tied(found: Answers, wanted: Answers) -> bool:
    """Tells whether answers differ by rounding alone: texts are then as likely as each other."""
    names = {"score"} & wanted.keys() or wanted.keys()
    return (
        found.keys() == wanted.keys()
        and all(map(_is_readable, found.values()))
        and all(_near(found[name], wanted[name]) for name in names)
    )


def _went_another_way(found: Answers, wanted: Answers) -> bool:
    """Tells whether another text was found, which a client could read."""
    return (
        found.keys() == wanted.keys()
        and "text" in found
        and found["text"].tolist() != wanted["text"].tolist()
        and all(map(_is_readable, found.values()))
    )


def _is_readable(answer: np.ndarray) -> bool:
    if answer.dtype == object:
        return all(map(_is_utf8, answer.ravel().tolist()))
    return bool(np.isfinite(answer).all())


def _near(found: np.ndarray, wanted: np.ndarray) -> bool:
    if found.shape != wanted.shape:
        return False
    if wanted.dtype == object:
        return found.tolist() == wanted.tolist()
    return np.allclose(found, wanted, ROUNDED, ROUNDED)


def check_warm_up(model: Model, folder: Path) -> Check:
    """Replays each record, since a server does not start where one of them fails."""
    problems: list[str] = []
    requests = read_requests(folder)
    for name, inputs in requests:
        _asked(model, name, inputs, problems)
    return Check("warm-up", f"{len(requests)} requests replayed", problems)


def _asked(model: Model, name: str, inputs: dict, problems: list[str]) -> Answers:
    try:
        return model(name, inputs)
    except (RuntimeError, LookupError, ValueError) as error:
        problems.append(f"{name} fails on {shown(inputs)}: {str(error).splitlines()[0]}")
        return {}


def differences(inputs: dict, found: Answers, wanted: Answers) -> Iterator[str]:
    """Yields where answers differ from those that are wanted, or no client could read them.

    Numbers are equal to a relative or absolute 1e-4, and finite.
    """
    for name in sorted(wanted.keys() | found.keys() if found else ()):
        if name not in found or name not in wanted:
            yield f"the output {name} is answered in one place only"
        elif found[name].shape != wanted[name].shape:
            yield (
                f"{name} for {shown(inputs)} has the shape {found[name].shape}, wanted "
                f"{wanted[name].shape}"
            )
        else:
            for here, there in zip(found[name].ravel().tolist(), wanted[name].ravel().tolist()):
                if not _equal(here, there):
                    yield f"{name} for {shown(inputs)} is {_told(here)}, wanted {_told(there)}"
                    break


def _equal(found, wanted) -> bool:
    if isinstance(wanted, bytes):
        return found == wanted and _is_utf8(found)
    return math.isfinite(found) and math.isclose(
        found, wanted, rel_tol=TOLERANCE, abs_tol=TOLERANCE
    )


def _is_utf8(text: bytes) -> bool:
    try:
        return isinstance(text.decode(), str)
    except UnicodeDecodeError:
        return False


def _rows(inputs: dict) -> int:
    return len(next(iter(inputs.values())))


def _row(answers: Answers, row: int, like: Answers) -> Answers:
    """Takes a row [1, ...], without the padding that its batch mates made."""
    cut = {}
    for name, array in answers.items():
        one = array[row : row + 1]
        size = tuple(map(slice, like[name].shape)) if name in like else ()
        beyond = one.copy()
        beyond[size] = b"" if one.dtype == object else 0
        # What is not empty there is kept, and so differs.
        cut[name] = one if (beyond != (b"" if one.dtype == object else 0)).any() else one[size]
    return cut


def shown(inputs: dict) -> str:
    """Tells inputs in short."""
    first = next(iter(inputs.values())).tolist()
    told = ", ".join(_told(value) for value in first[:3]) + (", ..." if len(first) > 3 else "")
    return told or "a batch of 0"


def _told(value) -> str:
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    long = isinstance(text, str) and len(text) > 60
    return f"{text[:57]!r}... ({len(value)} bytes)" if long else repr(text)


def as_dict(folder: Path, checks: list[Check]) -> dict:
    """Makes the report plain data."""
    told = [
        {"name": name, "passed": not problems, "about": about, "problems": problems}
        for name, about, problems in checks
    ]
    return {"version": str(folder), "passed": all(each["passed"] for each in told), "checks": told}


if __name__ == "__main__":
    found = check_version(Path(sys.argv[1]))
    foreign = sorted({"tensorflow", "keras"} & set(sys.modules))
    alone = [f"the process that checks has imported {name}" for name in foreign]
    found.append(Check("process", "neither TensorFlow's Python nor Keras was imported", alone))
    print(json.dumps(as_dict(Path(sys.argv[1]), found)))
