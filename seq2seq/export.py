"""Publishes a generator for TensorFlow Serving: write beside, reload, compare, then rename."""

import itertools
import json
import logging
import math
import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

from seq2seq import export_check

# TensorFlow is imported where it is used: `seq2seq.export` is the name of this module and of its
# function, so `import seq2seq` must load it at once, and must stay quick.

LONG_LINE = 10_000  # characters; what a server may be sent by mistake, and has to survive
TOLERANCE = 1e-4  # of a score, relative: the same graph on the same processor differs by rounding
Answers = dict[str, list]


def export(generator, folder: str | Path, samples: list[str]) -> Path:
    """Writes the next version of `folder`, checks it in a fresh process, and publishes it.

    The signature `serving_default` takes `text` string [B] and returns `text` string [B] and
    `score` float32 [B]. A new process, which knows only the folder, must give the answers of
    `generator` for `samples`, an empty string, a batch of 0 and a line of 10,000 characters.
    A server that watches `folder` sees the version appear whole, by a rename.

    Args:
        generator: a tf.Module whose `__call__` is a tf.function with an input signature.
        folder: holds the versions 1, 2, ... of one model, such as saved_models/restore.
        samples: texts to compare answers on; they are kept in VERSION/assets.extra/samples.json.

    Returns:
        The folder of the new version, such as saved_models/restore/1.

    Raises:
        ValueError: the exported model would not serve, or does not answer as `generator` does.
            No version was touched, and what was written is removed.
    """
    folder = Path(folder)
    # TensorFlow Serving ignores names that are no numbers.
    unfinished = folder / f"unfinished-{uuid.uuid4().hex[:12]}"
    unfinished.mkdir(parents=True)
    try:
        _write(generator, unfinished)
        batches = _batches(samples)
        expected = [_answer(generator, batch) for batch in batches]
        _compare(batches, expected, _reload(unfinished, batches))
        _keep_samples(unfinished, batches[0], expected[0])
        return _publish(unfinished)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _write(generator, folder: Path) -> None:
    import tensorflow as tf

    answer = generator.__call__.get_concrete_function()
    # Not the generator itself: its model may hold an optimizer, of twice the weights' size.
    served = tf.Module()
    served.weights = list(answer.graph.variables)
    served.tokenizers = [generator.source_tokenizer, generator.target_tokenizer]
    # Gradients are for training; a custom gradient's graph would only be weight and risk here.
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    log = logging.getLogger("tensorflow")
    level = log.level
    log.setLevel(logging.ERROR)  # it tells of every file that it writes
    try:
        tf.saved_model.save(served, str(folder), {"serving_default": answer}, options)
    finally:
        log.setLevel(level)


def _batches(samples: list[str]) -> list[list[str]]:
    words = " ".join(samples).strip() or "word"
    long = "".join(itertools.islice(itertools.cycle(f"{words} "), LONG_LINE))
    return [samples, [""], [], [long], ["", *samples[:1], long]]


def _answer(generator, batch: list[str]) -> Answers:
    import tensorflow as tf

    try:
        answer = generator(tf.constant(batch, tf.string, [len(batch)]))
    except tf.errors.OpError as error:
        shown = ", ".join(map(_shown, batch)) or "a batch of 0"
        raise ValueError(f"not exported: Python fails on {shown}: {error.message}") from error
    texts = [text.decode() for text in answer["text"].numpy().tolist()]
    return {"text": texts, "score": answer["score"].numpy().tolist()}


def _reload(folder: Path, batches: list[list[str]]) -> list[Answers]:
    # -P: the folder of the program, this package, must not be searched for modules.
    command = [sys.executable, "-P", export_check.__file__, str(folder)]
    # The processor is what every server has; an accelerator may be full of this very model.
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        command, input=json.dumps(batches), capture_output=True, text=True, env=environment
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise ValueError(f"not exported: a fresh process cannot run the model: {said[-1]}")
    reply: dict[str, Any] = json.loads(done.stdout)
    if reply["problems"]:
        raise ValueError(f"not exported: {'; '.join(reply['problems'])}")
    return reply["answers"]


def _compare(batches: list[list[str]], expected: list[Answers], found: list[Answers]) -> None:
    """Compares the reloaded model's answers with Python's.

    Raises:
        ValueError: the first difference, with the source text that shows it.
    """
    for batch, here, there in zip(batches, expected, found, strict=True):
        for name in ("text", "score"):
            if not len(batch) == len(here[name]) == len(there[name]):
                raise ValueError(
                    f"not exported: {len(batch)} texts get {len(here[name])} answers ({name}) "
                    f"in Python and {len(there[name])} from the reloaded model"
                )
        for source, *answers in zip(batch, here["text"], there["text"], strict=True):
            if answers[0] != answers[1]:
                raise ValueError(_differs("text", source, answers))
        for source, *scores in zip(batch, here["score"], there["score"], strict=True):
            if not all(map(math.isfinite, scores)) or not math.isclose(*scores, rel_tol=TOLERANCE):
                raise ValueError(_differs("score", source, scores))


def _differs(name: str, source: str, answers: list) -> str:
    return (
        f"not exported: for {_shown(source)} Python gives the {name} {answers[0]!r} and the "
        f"reloaded model {answers[1]!r}; they must be equal (a score to {TOLERANCE:g}, and finite)"
    )


def _shown(text: str) -> str:
    return repr(text) if len(text) <= 80 else f"{text[:77]!r}... ({len(text)} characters)"


def _keep_samples(folder: Path, texts: list[str], answers: Answers) -> None:
    # TensorFlow Serving reads only the file names it knows in assets.extra.
    extra = folder / "assets.extra"
    extra.mkdir()
    kept = {"inputs": {"text": texts}, "outputs": answers}
    (extra / "samples.json").write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n")


def _publish(unfinished: Path) -> Path:
    """Renames to the next version; of two exports at once, each gets a number of its own."""
    folder = unfinished.parent
    while True:
        version = folder / str(max(_versions(folder), default=0) + 1)
        try:
            # Atomic, and refused where the version has come to be in the meantime: a folder
            # with files in it is never replaced.
            unfinished.rename(version)
            return version
        except OSError:
            if not version.exists():
                raise


def _versions(folder: Path) -> list[int]:
    names = [entry.name for entry in folder.iterdir()]
    return [int(name) for name in names if name.isascii() and name.isdecimal()]
