"""The command line, from two columns of text to an answering SavedModel: does it learn?"""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from seq2seq import cli

ROOT = Path(__file__).parents[1]
RECIPE = """
[corpus]
kind = "tab_separated"
folder = "{folder}"
paths = {{ train = "train.tsv", valid = "valid.tsv", test = "test.tsv" }}

[tokenizer]
kind = "characters"

[batches]
tokens = 512

[model]
{model}

[loss]
smoothing = 0.0

[optimizer]
beta_2 = 0.98

[schedule]
peak = {peak}
warmup = 50

[training]
steps = {steps}
every = {steps}
metric = "accuracy"
scores = []
"""
TRANSFORMER = """
kind = "transformer"
encoder_layers = 1
decoder_layers = 1
units = 32
hidden = 64
heads = 2
dropout = 0.0
copying = true
positions = "learned"
tied = "all"
"""
LSTM = """
kind = "lstm"
embedding = 16
units = 48
decoder_layers = 1
dropout = 0.0
"""
# A model that has not learned the order writes one of 120 or more orders of the right letters.
LEARNED = 60.0


def write_task(folder):
    """Writes letters and the same letters backwards; no test source is in the training data."""
    draw = random.Random(0)
    words = {"".join(draw.sample("abcdefgh", draw.randint(5, 7))) for _ in range(3000)}
    words = sorted(words)
    draw.shuffle(words)
    splits = {"test": words[:50], "valid": words[50:80], "train": words[80:]}
    for split, each in splits.items():
        lines = [f"{word}\t{word[::-1]}\n" for word in each]
        (folder / f"{split}.tsv").write_text("".join(lines))
    return splits["test"]


@pytest.fixture
def program(capsys):
    """Runs the program in this process -> lines of output."""

    def run(*arguments):
        capsys.readouterr()
        cli.main(["--debug", *map(str, arguments)])
        return capsys.readouterr().out.splitlines()

    return run


SERVED = """
import json, sys
from seq2seq.c_api import ServedModel
answer = ServedModel(sys.argv[1])("serving_default", {"text": sys.argv[2:]})
assert not {"tensorflow", "keras"} & set(sys.modules)
print(json.dumps([text.decode() for text in answer["text"]]))
"""


def served(folder, words):
    """Answers in a process of its own, by TensorFlow's C library."""
    command = [sys.executable, "-c", SERVED, str(folder), *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "model, steps, peak", [(TRANSFORMER, 300, 1e-2), (LSTM, 300, 1e-2)], ids=["transformer", "lstm"]
)
def test_a_task_is_learned_scored_exported_and_served(
    model, steps, peak, program, tmp_path, monkeypatch
):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    words = write_task(tmp_path)
    recipe, run = tmp_path / "recipe.toml", tmp_path / "run"
    recipe.write_text(RECIPE.format(folder=tmp_path, model=model, steps=steps, peak=peak))
    program("train", recipe, "--run", run)
    program("evaluate", run, "--metric", "exact_match", "--metric", "chrf")
    result = json.loads((run / "results" / "test.json").read_text())
    assert result["scores"]["exact_match"]["value"] > LEARNED
    source, target = tmp_path / "source.txt", tmp_path / "target.txt"
    source.write_text("".join(f"{word}\n" for word in words))
    program("generate", run, "--input", source, "--output", target)
    answers = target.read_text().splitlines()
    right = sum(answer == word[::-1] for word, answer in zip(words, answers, strict=True))
    assert 100 * right / len(words) == result["scores"]["exact_match"]["value"]
    scored = [float(line) for line in program("score", run, "--source", source, "--target", target)]
    assert len(scored) == len(words) and max(scored) <= 0
    folder = tmp_path / "saved_models" / "reversed"
    (version,) = program("export", run, folder, "--signature", "serving_default")
    assert served(version, words) == answers
