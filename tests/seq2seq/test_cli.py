import io
import json
import os
import subprocess
import sys
import types
from pathlib import Path
from typing import NamedTuple

import pytest

from seq2seq import cli, evaluation_command, export_commands, generation_commands
from seq2seq.kept_weights import constant_model, rounded_model

ROOT = Path(__file__).parents[2]
COMMANDS = (
    """train average evaluate generate score export check update-vocabulary quickstart benchmark
    recipes""".split()
)


class Answer(NamedTuple):
    text: str
    score: float
    details: types.SimpleNamespace | None = None

    def as_dict(self):
        return {"text": self.text, "score": self.score}


class Shouter:
    """Stands for a trained generator: answers in capitals, and scores by length."""

    def generate(self, texts, progress):
        for text in texts:
            if text == "stop":
                raise KeyboardInterrupt
            if text == "broken":
                raise RuntimeError("two\nlines")
            yield Answer(text.upper(), 1.0)

    def generate_nbest(self, texts, progress, details):
        more = types.SimpleNamespace(source=["p"]) if details else None
        for text in texts:
            yield [Answer(text.upper(), 1.0, more), Answer(text, 0.5, more)]

    def stream(self, text):
        yield from text.upper()

    def score(self, sources, targets, progress):
        return (-0.5 * len(target) for _, target in zip(sources, targets))

    def explain(self, sources, targets, progress):
        for source, target in zip(sources, targets, strict=True):
            yield Answer(target, -0.5 * len(target), types.SimpleNamespace(source=["p"]))


class Pairs:
    def splits(self):
        return ["train", "test"]

    def pairs(self, split):
        return iter([(f"{split} {number}", f"{split.upper()} {number}") for number in range(20)])


def exported(generator, folder, samples, signatures, version, about):
    """Tells what an export is asked for."""
    return f"{folder}/{version or 1} {samples} {' '.join([*signatures, about or ''])}".rstrip()


def checked(folder):
    """Finds a problem in what is called broken."""
    problems = ["text differs"] if folder.name == "broken" else []
    check = {"name": "answers", "passed": not problems, "about": "9 rows", "problems": problems}
    return {"version": f"{folder}/1", "passed": not problems, "checks": [check]}


class FakeEngine(NamedTuple):
    options: tuple

    def write(self, generator, folder, samples):
        return f"{folder} {self.options} {samples}"


class FakeRun:
    def __init__(self, folder, changes):
        if not folder.is_dir():
            raise ValueError(f"{folder} is no run")
        if changes:
            raise ValueError(f"changed: {changes}")
        self.corpus = Pairs()
        self.recipe = types.SimpleNamespace(search=types.SimpleNamespace(kept=2))

    @classmethod
    def start(cls, folder, recipe):
        return types.SimpleNamespace(train=lambda others: print(*recipe, folder, *others))

    def pairs(self, split):
        return self.corpus.pairs(split)

    def generator(self, checkpoint, joined, mean, weights, nbest=None, draft=None):
        if draft:
            raise ValueError(f"draft: {draft}")
        if nbest and nbest > 2:
            raise ValueError(f"nbest: {nbest}")
        if joined:
            raise ValueError(f"joined: {joined} {mean} {weights}")
        return Shouter()


@pytest.fixture(autouse=True)
def fakes(monkeypatch):
    """Replaces what the commands call, so that only the command line is tried."""
    exact = lambda generator, pairs: sum(source.upper() == target for source, target in pairs)
    parts: dict[str, dict] = {
        "recipe": {"Recipe": types.SimpleNamespace(read=lambda *given: given)},
        "run": {"Run": FakeRun},
        "training.step_profile": {"StepProfile": lambda *given: f"profile {given}"},
        "quickstart": {"quickstart": print},
        "update_vocabulary": {"update_vocabulary": lambda *given: given[1]},
        "export": {
            "export": exported,
            "check": checked,
        },
        "model_card": {"About": types.SimpleNamespace(read=lambda run, licence: licence)},
        "engines.engine": {"make_engine": lambda *given: FakeEngine(given)},
        "evaluation": {
            "USUAL": ("exact",),
            "evaluate": lambda generator, pairs, metrics, progress: types.SimpleNamespace(
                scores={name: (exact(generator, pairs), "fake|v1") for name in metrics}
            ),
            "write_results": lambda run, split, result: f"{run}/{split}.json",
        },
        "report.writing": {
            "ReportOptions": lambda *given: given,
            "write_report": lambda folder, run, generator, pairs, result, options: (
                f"{folder}/page of {len(pairs)} {options}"
            ),
        },
    }
    for name, values in parts.items():
        module = types.ModuleType(name)
        vars(module).update(values)
        monkeypatch.setitem(sys.modules, f"seq2seq.{name}", module)
    for module in (cli, evaluation_command, export_commands, generation_commands):
        monkeypatch.setattr(module, "load_tensorflow", lambda: None)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


@pytest.fixture
def program(capsys):
    """Runs the program in this process -> (exit status, lines of output, lines of errors)."""

    def run(*arguments):
        status: int | str | None = 0
        try:
            cli.main([str(each) for each in arguments])
        except SystemExit as done:
            status = done.code
        said = capsys.readouterr()
        return status, said.out.splitlines(), said.err.splitlines()

    return run


def write(path, *lines):
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def type_in(monkeypatch, text):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def assert_refused(result, *words):
    status, output, (line,) = result
    assert (status, output) == (2, [])
    assert line.startswith("seq2seq: error: ")
    assert all(word in line for word in words), line


def test_a_recipe_is_trained_with_its_changes(program, tmp_path):
    recipe = write(tmp_path / "small.toml")
    changes = ["--set", "model.units=8", "--set", "training.steps=2"]
    said = [f"{recipe} ['model.units=8', 'training.steps=2'] runs/a"]
    assert program("train", recipe, "--run", "runs/a", *changes) == (0, said, [])


def test_updates_of_training_may_be_traced(program, tmp_path):
    given = ("train", write(tmp_path / "small.toml"), "--run", "runs/a", "--profile")
    _, (line,), _ = program(*given, "5")
    assert "profile (5, " in line and "runs/a/tensorboard" in line
    assert_refused(program(*given, "0"), "--profile")


def test_shipped_recipes_are_listed_and_found_by_name(program, tmp_path, monkeypatch):
    monkeypatch.setattr(cli, "RECIPES", tmp_path)
    path = write(tmp_path / "small.toml", "# A small one: 2 minutes, 30 BLEU.", "")
    write(tmp_path / "bare.toml", "[model]")
    listed = [f"{'bare':<28}".rstrip(), f"{'small':<28} A small one: 2 minutes, 30 BLEU."]
    assert program("recipes") == (0, listed, [])
    assert program("train", "small", "--run", "r") == (0, [f"{path} [] r"], [])
    assert_refused(program("train", "smal", "--run", "r"), "'smal'", "bare, small")


def test_a_split_is_scored(program, tmp_path):
    status, output, errors = program("evaluate", tmp_path)
    assert (status, [line.split() for line in output]) == (0, [["exact", "20.00", "fake|v1"]])
    assert errors == [f"kept in {tmp_path}/test.json"]
    _, output, errors = program("evaluate", tmp_path, "--split", "train", "--metric", "bleu")
    assert output[0].startswith("bleu") and errors[0].endswith("train.json")


def test_two_files_are_scored(program, tmp_path):
    source = write(tmp_path / "source.txt", "a", "", "c")
    target = write(tmp_path / "target.txt", "A", "", "x")
    arguments = "evaluate", tmp_path, "--source", source, "--target", target
    status, output, errors = program(*arguments)
    assert status == 0 and "2.00" in output[0] and errors[0].endswith("source.txt.json")
    write(target, "A")
    assert_refused(program(*arguments), "target.txt ends after 1 lines", "source.txt goes on")
    assert_refused(program(*arguments[:4]), "--source and --target go together")


def test_an_evaluation_is_reported(program, tmp_path):
    given = "--report", "made", "--show", "3", "--show", "1", "--compare", "other"
    status, _, errors = program("evaluate", tmp_path, *given)
    assert status == 0
    assert errors[1] == f"reported in made/page of 20 {(Path('other'), [3, 1], None)}"
    assert_refused(program("evaluate", tmp_path, *given[2:]), "give --report DIR")


def test_standard_input_is_answered_on_standard_output(program, tmp_path, monkeypatch):
    type_in(monkeypatch, "the cat\r\n\nélan\x85x\nlast")
    status, output, errors = program("generate", tmp_path)
    assert (status, errors) == (0, [])
    assert output == ["THE CAT", "", "ÉLAN", "X", "LAST"]  # splitlines divides at U+0085


def test_files_are_answered_line_by_line(program, tmp_path):
    source = write(tmp_path / "source.txt", "one", "two\rtwo", "")
    output = tmp_path / "output.txt"
    assert program("generate", tmp_path, "--input", source, "--output", output) == (0, [], [])
    assert output.read_bytes() == b"ONE\nTWO TWO\n\n"


def test_a_failure_leaves_the_output_as_it_was(program, tmp_path):
    source = write(tmp_path / "source.txt", "one", "broken")
    output = write(tmp_path / "output.txt", "before")
    arguments = "generate", tmp_path, "--input", source, "--output", output
    assert_refused(program(*arguments), "RuntimeError: two lines", "--debug shows where")
    assert output.read_text() == "before\n"
    assert sorted(os.listdir(tmp_path)) == ["output.txt", "source.txt"]


def test_each_pair_gets_a_log_probability(program, tmp_path):
    source, target = write(tmp_path / "s", "a", "b"), write(tmp_path / "t", "xyz", "")
    arguments = "score", tmp_path, "--source", source, "--target", target
    assert program(*arguments) == (0, ["-1.5000", "-0.0000"], [])


def test_the_best_of_each_text_are_a_json_line(program, tmp_path):
    source = write(tmp_path / "source.txt", "é", "b")
    status, output, _ = program("generate", tmp_path, "--input", source, "--nbest", "2")
    assert status == 0 and "É" in output[0]
    hypotheses = [{"text": "B", "score": 1.0}, {"text": "b", "score": 0.5}]
    assert json.loads(output[1]) == {"source": "b", "hypotheses": hypotheses}
    _, output, _ = program("generate", tmp_path, "--input", source, "--details")
    assert json.loads(output[0])["source_pieces"] == ["p"]
    assert_refused(program("generate", tmp_path, "--input", source, "--nbest", "3"), "nbest: 3")


def test_parts_are_written_as_they_come(program, tmp_path, monkeypatch):
    type_in(monkeypatch, "the cat\n\na\rdog\n")
    assert program("generate", tmp_path, "--stream") == (0, ["THE CAT", "", "A DOG"], [])
    assert_refused(program("generate", tmp_path, "--stream", "--details"), "--stream", "--details")


def test_a_score_has_details_too(program, tmp_path):
    source, target = write(tmp_path / "s", "a", "b"), write(tmp_path / "t", "xy", "")
    arguments = "score", tmp_path, "--source", source, "--target", target, "--details"
    _, output, _ = program(*arguments)
    told = {"source": "a", "source_pieces": ["p"], "hypotheses": [{"text": "xy", "score": -1.0}]}
    assert json.loads(output[0]) == told and len(output) == 2


@pytest.mark.parametrize("command", ["generate", "evaluate", "export models/a"])
def test_runs_are_joined(command, program, tmp_path, monkeypatch):
    type_in(monkeypatch, "")
    name, *rest = command.split()
    joined = ["--with", "b", "--with", "c@last", "--mean", "geometric", "--weight", "2"]
    result = program(name, tmp_path, *rest, *joined)
    assert_refused(result, "joined: ['b', 'c@last'] geometric [2.0]")
    assert_refused(program(name, tmp_path, *rest, "--mean", "mean"), "'arithmetic', 'geometric'")


@pytest.mark.parametrize("command", ["generate", "export models/a"])
def test_a_run_guesses_for_another(command, program, tmp_path, monkeypatch):
    type_in(monkeypatch, "")
    name, *rest = command.split()
    assert_refused(program(name, tmp_path, *rest, "--draft", "b@last"), "draft: b@last")


def test_an_export_is_checked_with_held_out_texts(program, tmp_path):
    samples = [f"test {number}" for number in range(export_commands.SAMPLES)]
    assert program("export", tmp_path, "models/a") == (0, [f"models/a/1 {samples}"], [])


def test_an_export_is_checked_with_texts_of_a_file(program, tmp_path):
    samples = write(tmp_path / "samples", "a", "b")
    said = ["models/a/1 ['a', 'b']"]
    assert program("export", tmp_path, "models/a", "--samples", samples) == (0, said, [])


def test_an_export_may_choose_its_signatures_and_number(program, tmp_path):
    samples = write(tmp_path / "samples", "a")
    asked = "export", tmp_path, "models/a", "--samples", samples, "--version", "7"
    chosen = "--signature", "nbest", "--signature", "score", "--licence", "MIT"
    assert program(*asked, *chosen) == (0, ["models/a/7 ['a'] nbest score MIT"], [])
    assert_refused(program(*asked, "--nbest", "3"), "nbest: 3")


def test_a_check_says_what_is_wrong_by_its_status_too(program):
    status, lines, _ = program("check", "models/a")
    assert status == 0
    assert [line.split() for line in lines] == [
        ["passed", "answers", "9", "rows"],
        ["passed", "models/a/1"],
    ]
    status, lines, _ = program("check", "models/broken")
    assert status == 1 and "FAILED" in lines[0] and lines[1].strip() == "text differs"
    assert lines[2] == "FAILED  models/broken/1"
    status, lines, _ = program("check", "models/broken", "--json", "-")
    assert status == 1 and json.loads("".join(lines)) == checked(Path("models/broken"))


def test_an_export_for_another_engine_says_how_weights_are_kept(program, tmp_path):
    samples = write(tmp_path / "samples", "a")
    asked = "export", tmp_path, "models/a", "--samples", samples, "--engine", "ctranslate2"
    assert program(*asked) == (0, ["models/a ('ctranslate2', None) ['a']"], [])
    said = ["models/a ('ctranslate2', 'int8') ['a']"]
    assert program(*asked, "--quantization", "int8") == (0, said, [])
    assert_refused(program(*asked, "--constants"), "ctranslate2 has its own: leave out")


def test_an_export_says_how_weights_are_kept(program, tmp_path, monkeypatch):
    monkeypatch.setattr(rounded_model, "rounded", lambda _, kind: f"{kind} weights")
    monkeypatch.setattr(sys.modules["seq2seq.export"], "export", lambda generator, *_: generator)
    asked = "export", tmp_path, "models/a", "--quantization", "bfloat16"
    assert program(*asked) == (0, ["bfloat16 weights"], [])
    assert_refused(program(*asked, "--constants"), "leave out --constants")
    monkeypatch.setattr(constant_model, "constant", lambda _: "constant weights")
    said = ["constant weights"]
    assert program("export", tmp_path, "models/a", "--constants") == (0, said, [])


def test_an_export_needs_no_corpus(program, tmp_path, monkeypatch):
    def missing(self, split):
        raise ValueError("no file")

    monkeypatch.setattr(Pairs, "pairs", missing)
    said = [f"models/a/1 {export_commands.SOME_TEXTS}"]
    assert program("export", tmp_path, "models/a") == (0, said, [])


def test_a_run_gets_another_vocabulary(program, tmp_path):
    given = "update-vocabulary", tmp_path, "runs/b", "--tokenizers", "runs/other"
    said = ["to train it further: seq2seq train runs/b/recipe.json --run runs/b"]
    assert program(*given) == (0, [], said)


def test_the_quickstart_starts(program):
    assert program("quickstart") == (0, ["runs/quickstart saved_models/restore None"], [])
    options = "--run", "runs/a", "--minutes", "2.5", "--export", "models/a"
    assert program("quickstart", *options) == (0, ["runs/a models/a 2.5"], [])


@pytest.mark.parametrize(
    "arguments, word",
    [
        ([], "Missing command"),
        (["tran"], "'train'"),
        (["train", "--run", "r"], "recipe"),
        (["generate", "no/such/run"], "no/such/run is no run"),
        (["generate", ".", "--input", "no.txt"], "no.txt"),
        (["generate", ".", "--output", "no/file"], "no folder no"),
        (["export", "."], "folder"),
        (["evaluate", ".", "--splits", "x"], "--splits"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_line(arguments, word, program, monkeypatch):
    type_in(monkeypatch, "")
    assert_refused(program(*arguments), word)


@pytest.mark.parametrize("place", [0, 2, 4])
def test_debug_shows_where_an_error_comes_from(place, tmp_path):
    source = write(tmp_path / "source.txt", "broken")
    arguments = ["generate", str(tmp_path), "--input", str(source)]
    with pytest.raises(RuntimeError, match="two\nlines"):
        cli.main(arguments[:place] + ["--debug"] + arguments[place:])


@pytest.mark.parametrize("command", [["evaluate"], ["generate"], ["export", "out"]])
def test_a_trained_run_takes_changes(program, tmp_path, command):
    name, *rest = command
    status, _, (line,) = program(name, tmp_path, *rest, "--set", "search.width=8")
    assert status == 2 and "changed: ['search.width=8']" in line


def test_an_interrupt_is_one_line_and_status_130(program, tmp_path, monkeypatch):
    type_in(monkeypatch, "one\nstop\n")
    assert program("generate", tmp_path) == (130, ["ONE"], ["seq2seq: interrupted"])


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_help_tells_of_every_command(command, program):
    status, output, errors = program(*command, "--help")
    assert (status, errors) == (0, [])
    assert command or all(any(name in line for line in output) for name in COMMANDS)


def python(*arguments, **environment):
    command = [sys.executable, *arguments]
    environment = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_help_does_not_wait_for_tensorflow():
    asked = "import sys; from seq2seq import cli; sys.argv[1:] = ['--help']\ntry: cli.main()\n"
    asked += "finally: assert not {'tensorflow', 'keras', 'rich.progress'} & set(sys.modules)"
    done = python("-c", asked)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_package_is_the_program():
    done = python("-m", "seq2seq", "train", "no such recipe", "--run", "x")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("seq2seq: error: no recipe 'no such recipe'")


@pytest.mark.parametrize("name, value", [("KERAS_BACKEND", "jax"), ("TF_USE_LEGACY_KERAS", "1")])
def test_another_keras_is_refused_before_it_is_loaded(name, value):
    imported = python("-c", "import seq2seq", **{name: value})
    assert imported.stderr.splitlines()[-1].startswith(f"ImportError: {name} is '{value}'")
    program = python("-m", "seq2seq", "recipes", **{name: value})
    assert program.returncode == 2
    (line,) = program.stderr.splitlines()
    assert line.startswith(f"seq2seq: error: {name} is '{value}'")


def test_a_keras_on_another_backend_is_refused():
    asked = "import sys, types; keras = sys.modules['keras'] = types.ModuleType('keras')\n"
    asked += "keras.config = types.SimpleNamespace(backend=lambda: 'torch')\nimport seq2seq"
    assert "imported with backend 'torch'" in python("-c", asked).stderr


def test_tensorflow_loads_without_a_word():
    asked = "import seq2seq; from pipelines.quiet import load_tensorflow; load_tensorflow()\n"
    asked += "import keras; print(keras.ops.ones([1]).shape, keras.backend.backend())"
    done = python("-c", asked)
    assert (done.stdout, done.stderr) == ("(1,) tensorflow\n", "")


def test_a_reader_that_leaves_ends_the_program_quietly():
    asked = "from seq2seq import cli; cli.recipes = None\n"
    asked += "cli.app.command()(lambda: [print('x' * 1000) for _ in range(1000)])\n"
    asked += "cli.app.registered_commands[-1].name = 'fill'; cli.main(['fill'])"
    shell = f'"{sys.executable}" -c "{asked}" | head -1; echo ${{PIPESTATUS[0]}}'
    done = subprocess.run(["bash", "-c", shell], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout.splitlines()[1], done.stderr) == ("141", "")
