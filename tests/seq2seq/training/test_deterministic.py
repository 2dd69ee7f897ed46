"""Training with `deterministic`, which is a setting of the whole process: in one of its own."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys
import tensorflow as tf
from rich.console import Console
from seq2seq.recipe import Recipe
from seq2seq.run import Run

corpus = {"kind": "tab_separated", "paths": {"train": "train.tsv"}}
sizes = {"encoder_layers": 1, "decoder_layers": 1, "units": 8, "hidden": 16, "heads": 2}
recipe = Recipe(
    {
        "corpus": corpus | {"folder": sys.argv[1]},
        "tokenizer": {"kind": "characters"},
        "model": {"kind": "transformer", "dropout": 0.3, "attention_dropout": 0.2} | sizes,
        "training": {"steps": 2, "deterministic": True, "scores": []},
    }
)
with open("/dev/null", "w") as nowhere:
    Run.start(sys.argv[1] + "/run", recipe).train((), Console(file=nowhere))
try:
    tf.random.uniform([1])
except RuntimeError as error:
    print(error)
"""


def test_training_works_where_tensorflow_refuses_what_has_no_seed(tmp_path):
    (tmp_path / "train.tsv").write_text("".join(f"{text}\t{text}\n" for text in "abcdef"))
    command = [sys.executable, "-c", PROGRAM, tmp_path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Random ops require a seed" in done.stdout
    assert (tmp_path / "run" / "checkpoints" / "2").is_dir()
