"""Publishes a generator for TensorFlow Serving: write beside, check, then rename."""

import itertools
import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

from seq2seq.model_card import About

# TensorFlow is imported where it is used: `seq2seq.export` is the name of this module and of its
# function, so `import seq2seq` must load it at once, and must stay quick.

LONG_LINE = 100_000  # bytes; what a server may be sent by mistake, and has to survive
AT_ONCE = 16  # samples in a batch; serving_default alone is asked about more
# What else it may be sent: nothing, emoji, right-to-left, no UTF-8, control characters.
HOSTILE = (
    b"",
    "🐈‍⬛ 👩‍👩‍👧‍👦 🇨🇭 1️⃣".encode(),
    "שלום עולם, مرحبا بالعالم".encode(),
    b"\xff\xfe no \xc3 UTF-8 \xe2\x82 \x80",
    "a\x00b\x07c\x1b[31m\t\r\n\u0085\u2028d\u202e".encode(),
)


def export(
    generator,
    folder: str | Path,
    samples: list[str],
    signatures: Sequence[str] = (),
    version: int | None = None,
    about: About = About(),
) -> Path:
    """Writes a version of `folder`, checks it in a fresh process, and publishes it.

    What is checked stands in seq2seq/export_check.py: TensorFlow's C library, with the folder and
    nothing else, must give the answers of `generator`. A server that watches `folder` sees the
    version appear whole, by a rename.

    Args:
        generator: a `Generator`.
        folder: holds the versions 1, 2, ... of one model, such as saved_models/restore.
        samples: texts to compare answers on, beside an empty one, none, and hostile ones.
        signatures: beside serving_default [all], files of seq2seq/signatures.
        version: its number [one more than the highest].
        about: what README.md, the model's card, tells of where it comes from.

    Returns:
        The folder of the new version, such as saved_models/restore/1.

    Raises:
        ValueError: the version is there already, a signature is unknown, or the exported model
            would not serve, or does not answer as `generator` does. No version was touched, and
            what was written is removed.
    """
    from seq2seq.serving_package import write_package

    folder = Path(folder)
    if version is not None:
        _require_free(folder / str(version))
    # TensorFlow Serving ignores names that are no numbers.
    unfinished = folder / f"unfinished-{uuid.uuid4().hex[:12]}"
    unfinished.mkdir(parents=True)
    try:
        write_package(generator, unfinished, _batches(samples), signatures, about)
        _require_passed(check(unfinished))
        return _publish(unfinished, version)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def check(folder: str | Path) -> dict:
    """Checks a version, or the highest of a model's folder, in a fresh process.

    Returns:
        {"version": its folder, "passed": bool, "checks": a list of {"name", "passed", "about",
        "problems": sentences}}.

    Raises:
        ValueError: the folder holds no version, or the process ends without a report.
    """
    folder = _version(Path(folder))
    here = str(Path(__file__).parents[1])
    # The processor is what every server has; an accelerator may be full of this very model.
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment["PYTHONPATH"] = os.pathsep.join(
        [here, *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    command = [sys.executable, "-P", "-m", "seq2seq.export_check", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise ValueError(f"{folder}: a fresh process cannot run the model: {said[-1]}")
    return json.loads(done.stdout)


def _batches(samples: list[str]) -> list[list[bytes]]:
    # Halves of surrogate pairs, which UTF-8 cannot say, become "?".
    texts = [text.encode(errors="replace") for text in samples]
    texts = texts or [b"word"]
    words = b" ".join(texts).strip() or b"word"
    long = (words + b" ") * (LONG_LINE // len(words) + 1)
    more = [texts[start : start + AT_ONCE] for start in range(AT_ONCE, len(texts), AT_ONCE)]
    return [texts[:AT_ONCE], [*HOSTILE], [long[:LONG_LINE]], [], *more]


def _require_passed(report: dict) -> None:
    problems = itertools.chain(*(check["problems"] for check in report["checks"]))
    told = [*itertools.islice(problems, 5)]
    if told:
        raise ValueError(f"not exported: {'; '.join(told)}")


def _require_free(path: Path) -> None:
    if path.exists():
        raise ValueError(f"{path} is there already, and versions never change: take another number")


def _publish(unfinished: Path, wanted: int | None) -> Path:
    """Renames to a version; of two exports at once, each gets a number of its own."""
    folder = unfinished.parent
    while True:
        version = folder / str(wanted or max(_versions(folder), default=0) + 1)
        try:
            # Atomic, and refused where the version has come to be in the meantime: a folder
            # with files in it is never replaced.
            unfinished.rename(version)
            return version
        except OSError:
            if wanted:
                _require_free(version)
            if not version.exists():
                raise


def _version(folder: Path) -> Path:
    if (folder / "saved_model.pb").is_file():
        return folder
    numbers = _versions(folder) if folder.is_dir() else []
    if not numbers:
        raise ValueError(f"{folder} holds no exported model: give saved_models/NAME, or a version")
    return folder / str(max(numbers))


def _versions(folder: Path) -> list[int]:
    names = [entry.name for entry in folder.iterdir()]
    return [int(name) for name in names if name.isascii() and name.isdecimal()]
