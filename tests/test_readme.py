"""README.md: its commands and its Python run, made small from outside, on a few lines."""

import contextlib
import importlib
import inspect
import io
import json
import re
import shlex
import sys
import tomllib
from pathlib import Path

import keras
import pytest
import typer

import pipelines.__main__
from pipelines import plugins
from pipelines.batches import Batching
from pipelines.corpora.wikipedia import Wikipedia
from pipelines.wikipedia.personal import PersonalData
from pipelines.wikipedia.quality import Quality
from seq2seq import cli
from seq2seq.models.transformer import Transformer
from seq2seq.training.schedules import Plateau
from seq2seq.training.settings import Training

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RECIPES = sorted((ROOT / "seq2seq" / "recipes").glob("*.toml"))
COMMANDS = typer.main.get_command(cli.app).commands
PREPARING = typer.main.get_command(pipelines.__main__.app).commands


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.M | re.S)


SERVING = [block for block in blocks("sh") if "curl" in block]
SHELL = [block for block in blocks("sh") if block not in SERVING]
# Clients have tests of their own, which have servers: tests/seq2seq/serving/test_clients.py.
PYTHON = "".join(block for block in blocks("python") if "localhost" not in block)
PROSE = re.sub(r"^```.*?^```$", "", README, flags=re.M | re.S)

# What `train` is given beyond README's words: one update of the smallest model of its kind.
SHORT = """training.steps=1 training.metric=loss training.scores=[] training.precision=float32
    batches.pool=16 batches.buffer=16 tokenizer.size=320
    search.width=2 generator.max_source=40 generator.max_target=8""".split()
SMALL = {
    "lstm": "model.embedding=8 model.units=8 model.decoder_layers=1".split(),
    "transformer": """model.encoder_layers=1 model.decoder_layers=1 model.units=8 model.hidden=8
        model.heads=2""".split(),
}
# What README's Python says, and what runs in its place.
SMALLER = {
    '{"kind": "subwords", "size": 6000}': '{"kind": "subwords", "size": 320}',
    '{"kind": "cased_subwords", "size": 8000}': '{"kind": "cased_subwords", "size": 320}',
    "encoder_layers=3, decoder_layers=3": "encoder_layers=1, decoder_layers=1",
    "units=256, hidden=512, heads=4": "units=8, hidden=8, heads=2",
    "steps_per_epoch=230, epochs=15": "steps_per_epoch=2, epochs=1",
    "BeamSearch(width=5)": "BeamSearch(width=2)",
    "embedding=256, units=512": "embedding=8, units=8",
    "Batching(tokens=6144)": "Batching(tokens=64)",
    "steps=6000": "steps=1",
}

ENGLISH = ["A dog runs through the snow.", "Two men sit by the sea.", "A red cat.", "The men run."]
GERMAN = ["Ein Hund rennt im Schnee.", "Zwei Männer sitzen am Meer.", "Eine Katze.", "Sie rennen."]
# The files that README takes for granted, under the names that it gives them.
FILES = {
    f"data/multi30k/{split}.{language}": "".join(f"{line}\n" for line in lines)
    for split in ("train", "val", "test_2016_flickr")
    for language, lines in {"en": ENGLISH, "de": GERMAN}.items()
}
FILES |= {
    f"data/debian-synopsis/{split}.jsonl": "".join(
        json.dumps({"document": f"{text} {text}", "summary": text}) + "\n" for text in ENGLISH
    )
    for split in ("train", "valid")
}
FILES |= {
    "enwiki.xml": f"""<mediawiki><page><title>Dogs</title><ns>0</ns><id>1</id><revision><id>2</id>
        <text>{" ".join(ENGLISH)}</text></revision></page></mediawiki>""",
    "documents.txt": "".join(f"{text}\n" for text in ENGLISH),
    "my_recipe.toml": """
        corpus = { kind = "parallel_text", folder = "data/multi30k", \
            source = { train = "train.en" }, target = { train = "train.de" } }
        tokenizer = { kind = "characters" }
    """,
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Makes a folder with README's files the current one."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    return tmp_path


def shell(line):
    """Runs a line of a shell in this process, made small -> what it says on standard output."""
    words, _, read = line.partition(" < ")
    program, *arguments = shlex.split(words, comments=True)
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
        given = Path(read).read_bytes() if read else b""
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        if program == "seq2seq":
            cli.main(["--debug", *arguments, *changes(*arguments)])
        else:
            assert [program, *arguments[:2]] == ["python", "-m", "pipelines"], line
            patch.setattr(sys, "argv", ["pipelines", *arguments[2:]])
            with pytest.raises(SystemExit) as done:
                pipelines.__main__.main()
            assert not done.value.code, line
    return said.getvalue()


def changes(command, recipe="", *_):
    """Gives the words that make a command small."""
    if command == "export":  # the other signatures take half a minute
        return ["--signature", "serving_default"]
    if command != "train":
        return []
    (path,) = [path for path in RECIPES if path.stem == recipe]
    kind = tomllib.loads(path.read_text(encoding="utf-8"))["model"]["kind"]
    return [word for change in SHORT + SMALL[kind] for word in ("--set", change)]


@pytest.mark.parametrize("block", SHELL, ids=lambda block: " ".join(block.split()[:3]))
def test_the_commands_run(block, folder):
    for line in block.splitlines():
        said = shell(line)
        words = line.split()
        if "generate" in words:
            written = Path(words[-1]).read_text() if "--output" in words else said
            assert len(written.splitlines()) == len(ENGLISH), line
        elif "evaluate" in words:
            assert (Path(words[2]) / "results" / f"{words[-1]}.json").is_file()
        elif "export" in words:
            assert said == f"{words[-1]}/1\n" and (Path(words[-1]) / "1/saved_model.pb").is_file()
        elif "train" in words:
            assert (Path(words[words.index("--run") + 1]) / "checkpoints").is_dir()
        elif "wikipedia" in words:
            assert "1 article" in said and (Path(words[-1]) / "manifest.json").is_file()
        else:
            assert ("padding" if "peek" in words else "Dogs") in said, line


def test_the_python_runs(folder):
    program = PYTHON
    for written, smaller in SMALLER.items():
        assert program.count(written) == 1, f"README's Python no longer says {written}"
        program = program.replace(written, smaller)
    assert not re.search(r"\d{3,}", re.sub(r"\b320\b", "", program)), "a number that is not small"
    names: dict = {}
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(compile(program, "README.md", "exec"), names)
    assert "tf.Tensor" in said.getvalue()
    assert (folder / "saved_models/translate/1/saved_model.pb").is_file()
    (found,) = names["generator"].generate(["A dog runs through the snow."])
    assert isinstance(found.text, str)


def test_make_knows_what_it_is_told():
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    told = re.findall(r"^ +make (\w+)", README, re.M)
    assert told == ["quickstart", "test"] and set(told) <= set(targets)


def test_the_server_is_asked_for_the_model_that_was_exported():
    ours, docker = ([shlex.split(line) for line in block.splitlines()] for block in SERVING)
    (serve, curl), (container, same) = ours, docker
    model = container[container.index("-e") + 1].removeprefix("MODEL_NAME=")
    outside, inside = container[container.index("-p") + 1].split(":")
    assert container[:2] == ["docker", "run"] and container[-1] == "tensorflow/serving"
    assert inside == "8501", "the port of the server's REST interface"
    assert container[container.index("-v") + 1] == "$PWD/saved_models:/models"
    assert serve == ["seq2seq", "serve", f"saved_models/{model}"]
    assert re.search(rf"^seq2seq export \S+ saved_models/{model}$", README, re.M)
    assert curl == same and curl[-1] == f"localhost:{outside}/v1/models/{model}:predict"
    # The signature has one input, text: then an instance is its value, without a name.
    request = json.loads(curl[curl.index("-d") + 1])
    assert curl[0] == "curl" and request.keys() == {"instances"} and request["instances"]
    assert all(isinstance(text, str) for text in request["instances"])


def test_every_recipe_is_listed_and_no_other_is_named():
    with contextlib.redirect_stdout(io.StringIO()) as said:
        cli.main(["recipes"])
    known = [path.stem for path in RECIPES]
    assert [line.split()[0] for line in said.getvalue().splitlines()] == known
    named = re.findall(r"seq2seq train ([a-z]\S*)", README)
    beginnings = "|".join({name.partition("_")[0] for name in known if "_" in name})
    named += re.findall(rf"\b(?:{beginnings})_\w+", README)
    assert named and set(named) <= {*known, *FILES}


# Names that are not ours: TensorFlow's, NCCL's, Slurm's, gensim's, of dumps and of files.
FOREIGN = {"TF_CONFIG", "NCCL_SOCKET_IFNAME", "srun", "segment_wiki", "enwiki@latest"}
FOREIGN |= {"tfds:wiki40b/en", ".xml", ".bz2", ".gz", ".xz", ".zst", ".7z", ".txt"}
# What a recipe may say, by section; without its section, it is said of training.
OPTIONS = {
    "training": Training,
    "batches": Batching,
    "model": Transformer,
    "schedule": Plateau,
    "corpus": Wikipedia,
}
# What `--set` changes in a preparation, beside what it changes in a recipe.
PREPARED = {"quality": Quality, "personal": PersonalData}


def is_of_a_recipe(name):
    """Tells whether a name is an option of a recipe, as "[model] recompute = true" or "spike"."""
    section, option, value = re.fullmatch(r"(?:\[(\w+)\] ?)?(\w*)(?: = (.+))?", name).groups()
    known = inspect.signature(OPTIONS[section or "training"]).parameters
    assert value is None or tomllib.loads(f"{option} = {value}")
    return option in {"", "kind", *known}


def is_set(change):
    """Tells whether there is something that `--set quality.least_words=3` changes."""
    section, option, *_ = change.partition("=")[0].split(".")
    return option in inspect.signature((OPTIONS | PREPARED)[section]).parameters


def options(command):
    """Names the options of a command and of those below it."""
    below = getattr(command, "commands", {}).values()
    return {name for each in command.params for name in each.opts}.union(*map(options, below))


def is_there(name):
    """Tells whether a name that README quotes is the name of something."""
    if name.startswith("seq2seq "):
        return name.split()[1] in COMMANDS
    if name.startswith("make "):
        return f"\n{name.split()[1]}:" in (ROOT / "Makefile").read_text(encoding="utf-8")
    if name.startswith("python -m pipelines "):
        return name.split()[3] in PREPARING
    if name.startswith("--"):
        option, *value = shlex.split(name)
        commands = {**COMMANDS, **PREPARING}.values()
        there = any(option in options(command) for command in commands)
        return there and (not value or option != "--set" or is_set(*value))
    if name.startswith("{"):
        lines = FILES["data/debian-synopsis/train.jsonl"].splitlines()
        return re.findall(r'"(\w+)"', name) == list(json.loads(lines[0]))
    first, *attributes = name.split(".")
    if name in ("pipelines", "seq2seq") or first in ("pipelines", "seq2seq") and attributes:
        return all(hasattr(importlib.import_module(first), each) for each in attributes)
    files = (
        {"metrics.jsonl"} | {Path(file).name for file in FILES} | {path.stem for path in RECIPES}
    )
    setup = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    needed = re.findall(r"^    ([\w-]+)|^(\w+) =$", setup, re.M)
    needed = {each for pair in needed for each in pair} | set(plugins.kinds("pipelines.objectives"))
    if name in {*files, *needed, *COMMANDS, *FOREIGN} or hasattr(keras.Model, name):
        return True
    return (ROOT / name).exists() or is_of_a_recipe(name)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([^`\n]+)`", PROSE))))
def test_a_quoted_name_is_the_name_of_something(name):
    assert is_there(name)
