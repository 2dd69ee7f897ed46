"""TensorFlow Serving's program and container, as they are run: a small program stands in for it."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from seq2seq import cli
from seq2seq.serving.batching import FILE, Batching

FAKE = Path(__file__).with_name("fake_model_server.py")
ROOT = Path(__file__).parents[3]


@pytest.fixture
def model(tmp_path):
    """Makes a folder with two versions; nothing of them is loaded."""
    folder = tmp_path / "saved_models" / "translate"
    for number, rows in (("1", 8), ("2", 16)):
        (folder / number).mkdir(parents=True)
        (folder / number / FILE).write_text(Batching(max_batch_size=rows).text())
    return folder


@pytest.fixture
def program(tmp_path):
    """Makes the program that stands in."""
    path = tmp_path / "tensorflow_model_server"
    path.write_text(f'#!/bin/sh\nexec {sys.executable} {FAKE} "$@"\n')
    path.chmod(0o755)
    return path


@pytest.fixture
def free_port():
    with socket.create_server(("127.0.0.1", 0)) as place:
        return place.getsockname()[1]


def serve(tmp_path, *words, **more):
    command = [sys.executable, "-m", "seq2seq", "serve", *map(str, words)]
    environment = os.environ | {"FAKE_FOLDER": str(tmp_path), "PYTHONPATH": str(ROOT)} | more
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_program_gets_its_flags_and_files_and_the_signal(
    model, program, free_port, tmp_path, number
):
    words = [model, "--port", free_port, "--grpc-port", 0, "--deadline", 7, "--binary", program]
    with serve(tmp_path, *words, "--batching", "num_batch_threads=3") as process:
        line = process.stdout.readline()
        url = f"http://127.0.0.1:{free_port}/v1/models/translate"
        assert shlex.split(line)[-1] == f"{url}:predict"
        told = json.loads((tmp_path / "told.json").read_text())
        files = [Path(each) for name, each in told["flags"].items() if "_file" in name]
        assert files and all(each.is_file() for each in files)
        process.send_signal(number)
        assert process.wait(timeout=30) == 0, process.stderr.read()
    left = json.loads((tmp_path / "left.json").read_text())
    assert left["signal"] == signal.SIGTERM
    assert left["asked"] == ["/v1/models/translate"] * 3, "it was AVAILABLE when it was told of"
    assert not any(each.exists() for each in files)
    flags, files = told["flags"], told["files"]
    assert flags["rest_api_port"] == str(free_port) and flags["port"] == "0"
    assert flags["rest_api_timeout_in_ms"] == "7000" and "enable_batching" in flags
    assert flags["tensorflow_intra_op_parallelism"] == "1"
    assert f'base_path: "{model}"' in files["model_config_file"]
    assert 'name: "translate"' in files["model_config_file"]
    assert "enable: true" in files["monitoring_config_file"]
    assert files["batching_parameters_file"] == Batching(16, num_batch_threads=3).text()


def test_a_program_that_ends_at_once_is_told_of(model, program, free_port, tmp_path):
    words = [model, "--port", free_port, "--binary", program]
    with serve(tmp_path, *words, FAKE_WAY="fail") as process:
        assert process.wait(timeout=30) == 2
        assert "TensorFlow Serving does not serve translate: ended 3" in process.stderr.read()


def test_docker_is_told_what_the_program_would_be(model, tmp_path, capsys):
    files = tmp_path / "files"
    cli.main(["serve", str(model), "--docker", "--port", "80", "--files", str(files)])
    words = shlex.split(capsys.readouterr().out)
    assert words[:3] == ["docker", "run", "--rm"]
    image = words.index("tensorflow/serving")
    options = words[3:image]
    pairs = list(zip(options[::2], options[1::2]))
    assert ("-p", "127.0.0.1:80:8501") in pairs and ("-p", "127.0.0.1:8500:8500") in pairs
    assert ("-e", "MODEL_NAME=translate") in pairs
    mounts = [
        dict(part.partition("=")[::2] for part in value.split(","))
        for name, value in pairs
        if name == "--mount"
    ]
    places = {each["target"]: Path(each["source"]) for each in mounts}
    assert places == {"/models/translate": model, "/configuration": files}
    assert all("readonly" in each for each in mounts)
    flags = dict(word.removeprefix("--").partition("=")[::2] for word in words[image + 1 :])
    for name in ("monitoring_config_file", "batching_parameters_file"):
        assert (files / Path(flags[name]).name).is_file()
        assert flags[name].startswith("/configuration/")
    assert "enable_batching" in flags


@pytest.mark.parametrize(
    "words, said",
    [
        (["--binary", "/none/server"], "no program /none/server"),
        (["--docker", "--batching", "rows"], "give NAME=NUMBER"),
        (["--docker", "--batching", "rows=3"], "no rows; known: max_batch_size"),
    ],
)
def test_a_mistake_is_said(model, words, said, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["serve", str(model), *words])
    assert ended.value.code == 2 and said in capsys.readouterr().err


def test_a_folder_without_versions_is_said(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["serve", str(tmp_path), "--docker"])
    assert ended.value.code == 2 and "holds no version" in capsys.readouterr().err
