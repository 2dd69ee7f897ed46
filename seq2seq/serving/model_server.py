"""Runs TensorFlow Serving itself, or says how a container of it is run."""

import contextlib
import json
import shlex
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from seq2seq.serving.batching import Batching
from seq2seq.serving.settings import Settings
from seq2seq.serving.version_folders import version_folders

PROGRAM = "tensorflow_model_server"
IMAGE = "tensorflow/serving"
REST_PORT, GRPC_PORT = 8501, 8500  # inside of a container
START = 300.0  # seconds that a model may take to load


class ModelServer:
    """Knows the files and the flags that make TensorFlow Serving serve one model.

    It listens on all addresses of the machine: it has no flag for one.

    Args:
        folder: such as saved_models/translate.
        settings: of the server; of `batching`, the highest version's file gives the rest.
        grpc_port: where it listens for gRPC; 0 for nowhere.

    Raises:
        ValueError: the folder holds no version.
    """

    def __init__(self, folder: Path, settings: Settings, grpc_port: int = GRPC_PORT):
        versions = version_folders(folder)
        if not versions:
            raise ValueError(f"{folder} holds no version: a folder named by a number")
        self.name = folder.absolute().name
        self._folder, self._settings, self._grpc_port = folder.resolve(), settings, grpc_port
        self._batching = Batching.read(versions[max(versions)]).changed(settings.batching)

    def write(self, files: Path) -> None:
        """Writes its configuration into a folder."""
        model = f"name: {json.dumps(self.name)} base_path: {json.dumps(str(self._folder))}"
        config = f'model_config_list {{ config {{ {model} model_platform: "tensorflow" }} }}\n'
        path = "/monitoring/prometheus/metrics"
        files.mkdir(parents=True, exist_ok=True)
        (files / "models.config").write_text(config, encoding="utf-8")
        (files / "monitoring.config").write_text(
            f'prometheus_config {{ enable: true path: "{path}" }}\n'
        )
        (files / "batching.config").write_text(self._batching.text())

    def command(self, program: str, files: Path) -> list[str]:
        """Gives the command that runs it here."""
        return [
            program,
            f"--rest_api_port={self._settings.port}",
            f"--port={self._grpc_port}",
            f"--model_config_file={files}/models.config",
            *self._flags(files),
        ]

    def docker(self, files: Path) -> str:
        """Gives the line for a shell that runs it in a container."""
        host, inside = self._settings.host, f"/models/{self.name}"
        mount = lambda source, target: f"type=bind,source={source},target={target},readonly"
        words = ["docker", "run", "--rm", "-p", f"{host}:{self._settings.port}:{REST_PORT}"]
        if self._grpc_port:
            words += ["-p", f"{host}:{self._grpc_port}:{GRPC_PORT}"]
        words += ["--mount", mount(self._folder, inside), "-e", f"MODEL_NAME={self.name}"]
        words += ["--mount", mount(files.resolve(), "/configuration"), IMAGE]
        return shlex.join([*words, *self._flags(Path("/configuration"))])

    def run(self, program: str, files: Path) -> int:
        """Runs it until it ends or this program is told to -> its exit status.

        Raises:
            ValueError: it ends before it answers.
        """
        with _ended_by_signals(), self.running(program, files) as process:
            print(curl(self.url, self.name), flush=True)
            return process.wait()

    @contextlib.contextmanager
    def running(self, program: str, files: Path) -> Iterator[subprocess.Popen]:
        """Runs it while the context lasts, which begins when it answers.

        Raises:
            ValueError: it ends before it answers.
        """
        self.write(files)
        with subprocess.Popen(self.command(program, files)) as process:
            try:
                self._wait(process)
                yield process
            finally:
                process.terminate()

    @property
    def url(self) -> str:
        """Where it is reached from this machine."""
        return f"http://127.0.0.1:{self._settings.port}"

    def _flags(self, files: Path) -> list[str]:
        return [
            f"--rest_api_timeout_in_ms={round(self._settings.deadline * 1000)}",
            f"--monitoring_config_file={files}/monitoring.config",
            f"--tensorflow_intra_op_parallelism={self._settings.threads}",
            "--enable_batching",
            f"--batching_parameters_file={files}/batching.config",
        ]

    def _wait(self, process: subprocess.Popen) -> None:
        until = time.monotonic() + START
        while not self._available():
            if process.poll() is not None or time.monotonic() > until:
                how = "too slow" if process.returncode is None else f"ended {process.returncode}"
                raise ValueError(f"TensorFlow Serving does not serve {self.name}: {how}")
            time.sleep(0.05)

    def _available(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/v1/models/{self.name}", timeout=5) as reply:
                versions = json.load(reply)["model_version_status"]
        except (OSError, ValueError, KeyError):  # it does not listen, or not answer, yet
            return False
        return any(version["state"] == "AVAILABLE" for version in versions)


def curl(url: str, name: str) -> str:
    """Gives the line for a shell that asks a server."""
    body = json.dumps({"instances": ["A dog runs through the snow."]})
    return f"curl -d {shlex.quote(body)} {url}/v1/models/{name}:predict"


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Leaves by an exception when this program is told to end, so that the server is told too."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(0)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
