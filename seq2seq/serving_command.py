"""The command that serves an exported model."""

import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from pipelines.quiet import load_tensorflow
from seq2seq.serving.model_server import PROGRAM, ModelServer, curl
from seq2seq.serving.settings import Settings

USUAL = Settings()


def serve(
    folder: Annotated[Path, typer.Argument(help="such as saved_models/NAME: holds the versions")],
    port: Annotated[int, typer.Option(help="of the REST interface")] = USUAL.port,
    host: Annotated[str, typer.Option(help="address; 0.0.0.0 lets other machines in")] = USUAL.host,
    deadline: Annotated[float, typer.Option(help="seconds a request may take")] = USUAL.deadline,
    batching: Annotated[
        list[str],
        typer.Option(metavar="a=b", help="such as max_batch_size=32 [the version's own file]"),
    ] = [],
    threads: Annotated[
        int,
        typer.Option(min=1, help="of an operation: 1 serves most, more answer a lone text sooner"),
    ] = USUAL.threads,
    own: Annotated[
        bool, typer.Option("--own", help=f"serve here, with the page, also beside {PROGRAM}")
    ] = False,
    binary: Annotated[str, typer.Option(help="TensorFlow Serving's program")] = PROGRAM,
    docker: Annotated[
        bool, typer.Option("--docker", help="only print how to run it in a container")
    ] = False,
    grpc_port: Annotated[int, typer.Option(help="of TensorFlow Serving; 0 for none")] = 8500,
    files: Annotated[
        Path | None, typer.Option(help="folder for its configuration [a temporary one]")
    ] = None,
) -> None:
    """Serve an exported model: by TensorFlow Serving if installed, else by its REST interface."""
    changes = dict(_change(each) for each in batching)
    settings = Settings(host, port, deadline, threads=threads, batching=changes)
    program = None if own else shutil.which(binary)
    if binary != PROGRAM and program is None and not own:
        raise ValueError(f"no program {binary}: give the path of a {PROGRAM}, or leave it out")
    if docker:
        kept = files or Path(tempfile.mkdtemp(prefix="seq2seq-serve-"))
        server = ModelServer(folder, settings, grpc_port)
        server.write(kept)
        print(server.docker(kept))
    elif program is not None:
        with tempfile.TemporaryDirectory(prefix="seq2seq-serve-") as passing:
            server = ModelServer(folder, settings, grpc_port)
            raise typer.Exit(server.run(program, files or Path(passing)))
    else:
        _serve_here(folder, settings)


def _serve_here(folder: Path, settings: Settings) -> None:
    load_tensorflow()
    try:
        from seq2seq.serving.application import application
        from seq2seq.serving.server import Server, bound
    except ModuleNotFoundError as error:
        raise ValueError(
            f"there is no {PROGRAM}, and to serve without it {error.name} must be installed: "
            "pip install 'keras-seq2seq[serving]', or see --docker"
        ) from None
    from seq2seq.serving.without_xla import disable_xla
    from seq2seq.threads import share_between_batches

    tell = lambda url: print(curl(url, folder.absolute().name), flush=True)
    with bound(settings) as place:
        disable_xla()
        share_between_batches(settings.threads)
        Server(application(folder, settings), place, settings.grace, tell).run()


def _change(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not equals:
        raise ValueError(f"--batching {given}: give NAME=NUMBER, such as max_batch_size=32")
    return name, value
