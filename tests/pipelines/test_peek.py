"""`python -m pipelines peek`: what it prints is what a recipe's corpus holds."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from pipelines import __main__
from pipelines.peek import Amounts, Tally, peek, total, upper
from pipelines.tokenizers.bytes import Bytes
from pipelines.vocabulary import Tokenizers, save_tokenizers

ROOT = Path(__file__).parents[2]
RECIPE = """
[corpus]
kind = "tab_separated"
folder = "{folder}"
paths = {{ train = "train.tsv", valid = "valid.tsv" }}
faulty = "drop"

[tokenizer]
kind = "characters"

[limits]
source = 9

[batches]
tokens = 64
"""


def write_recipe(folder):
    """Writes 40 short pairs, two with long sources, one with a long target and two faulty."""
    good = [f"ab {'c' * (number % 5)}\t[b]{number}" for number in range(40)]
    bad = ["long source\tx", "longer source\tx", "x\t" + "y" * 300, "one column", "x\t"]
    (folder / "train.tsv").write_text("\n".join(good + bad) + "\n", encoding="utf-8")
    (folder / "valid.tsv").write_text("held\tout\n" * 3, encoding="utf-8")
    path = folder / "recipe.toml"
    path.write_text(RECIPE.format(folder=folder), encoding="utf-8")
    return path


@pytest.fixture
def recipe(tmp_path):
    return write_recipe(tmp_path)


@pytest.fixture
def program(capsys, monkeypatch):
    """Runs the program in this process -> (exit status, output, errors)."""
    monkeypatch.setattr(__main__, "load_tensorflow", lambda: None)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["pipelines", "peek", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        return ended.value.code, *capsys.readouterr()

    return run


def plain(output):
    """Undoes the breaking of lines between words."""
    return " ".join(output.split())


def row(output, name):
    """Returns the cells of the table's row that begins with `name`."""
    rows = (
        [cell.strip() for cell in line.strip("│┃ \n").split("│")] for line in output.split("\n")
    )
    (found,) = (cells[1:] for cells in rows if cells[0] == name)
    return found


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    """What a Python program sees of `train` with a token a batch: each row is its own batch."""
    path = write_recipe(tmp_path_factory.mktemp("corpus"))
    file = io.StringIO()
    amounts = Amounts(examples=2, batches=40)
    peek(path, ["batches.tokens=1"], amounts=amounts, console=Console(file=file, width=120))
    return file.getvalue()


def test_everything_read_is_counted(output):
    assert "Read of train: all 43 pairs" in output
    assert row(output, "kept") == ["40", "88.9%"]
    assert row(output, "left out: source too long (most is 9, mark included)")[0] == "2"
    assert row(output, "left out: target too long (most is 256, mark included)")[0] == "1"
    assert row(output, "dropped by the corpus: missing column")[0] == "1"
    assert row(output, "dropped by the corpus: empty field")[0] == "1"


def test_examples_are_shown_as_they_are_with_their_tokens(output):
    assert re.search(r"source +│ ab  +│\n│ 3 tokens +│ a b ", output)
    assert re.search(r"target +│ \[b\]1 +│\n│ 4 tokens +│ \[ b \] 1 ", output)
    assert "[b]2" not in output


def test_batches_are_counted_by_the_length_of_their_target(output):
    assert row(output, "1 to 8") == ["40", "40", "1.0", "100.0%", "100.0%"]
    assert row(output, "padding") == ["0.0%"] * 3
    # Targets are START, "[b]" and one digit or, for thirty of forty, two.
    assert row(output, "tokens a batch")[1] == f"{(40 * 5 + 30) / 40:.0f}"
    source, target, both = (int(n.replace(",", "")) for n in row(output, "tokens a second"))
    assert source > 0 and target > 0 and abs(both - source - target) <= 1


def test_another_split_is_looked_at_with_the_tokenizers_of_train(program, recipe):
    _, output, _ = program(recipe, "--split", "valid", "--batches", 2)
    assert "Tokenizer: shared, Characters of" in output
    assert "trained here on all 43 pairs of train" in plain(output)
    assert "Read of valid: all 3 pairs" in output
    assert "<unk> e l <unk>" in output  # train has no h and no d


def test_of_a_large_corpus_only_the_beginning_is_read(program, recipe):
    _, output, _ = program(recipe, "--lines", 10, "--batches", 1, "--examples", 0)
    told = "trained here on the first 10 pairs of train; more text gives others"
    assert told in plain(output) and "[b]" not in output
    assert "Read of train: the first 10 pairs" in output
    assert row(output, "kept") == ["10", "100.0%"]


def test_tokenizers_can_be_given(program, recipe, tmp_path):
    save_tokenizers(Tokenizers(Bytes(), Bytes()), tmp_path / "ready")
    options = "--set", f"tokenizer.folder={tmp_path / 'ready'}", "--batches", 1
    _, output, _ = program(recipe, *options)
    told = f"source and target, Bytes of 260 ids and Bytes of 260 ids, read from {tmp_path}"
    assert told in plain(output)


@pytest.mark.parametrize(
    "options, message",
    [
        (["--split", "test"], "no split 'test' (known: train, valid)"),
        (["--set", "limits.sorce=4"], "[limits] Limits has no option 'sorce'"),
        (["--set", "batches.tokens=many"], "[batches] Batching: tokens"),
        (["--set", "tokenizer.kind=letters"], "unknown kind 'letters'"),
        (["--set", "limits.source=1"], "no example is left"),
    ],
)
def test_a_faulty_recipe_is_one_line_and_status_2(program, recipe, options, message):
    status, _, errors = program(recipe, *options)
    assert status == 2 and message in errors and len(errors.splitlines()) == 1


@pytest.mark.parametrize("section", ["corpus", "tokenizer"])
def test_a_missing_section_is_named(program, recipe, section):
    recipe.write_text(recipe.read_text().replace(f"[{section}]", "[other]"))
    status, _, errors = program(recipe)
    assert (status, errors) == (2, f"error: the recipe lacks its section [{section}]\n")


def test_tensorflow_says_nothing(recipe):
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    command = [sys.executable, "-m", "pipelines", "peek", str(recipe), "--batches", "1"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "tokens a second" in done.stdout


def test_ranges_of_lengths_join_without_gaps():
    ends = [upper(length) for length in range(1, 200)]
    assert sorted(set(ends)) == [8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256]
    assert all(upper(end) == end for end in ends)
    assert all(end >= length for length, end in enumerate(ends, 1))


def test_tallies_count_tokens_and_cells_of_each_side():
    tally = Tally()
    tally.add(np.array([[5, 2, 0], [4, 5, 2]]), np.array([[1, 0], [1, 9]]))
    assert tally.real.tolist() == [5, 3] and tally.cells.tolist() == [6, 4]
    assert tally.filled() == ["83.3%", "75.0%"]
    both = total([tally, tally])
    assert (both.batches, both.rows, both.real.tolist()) == (2, 4, [10, 6])
