"""How the program starts, tells how far it is, and ends: one line and a status for a mistake."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator

import typer

FAILED, INTERRUPTED, NO_READER = 2, 130, 141  # exit statuses; the latter two are the shell's


def run_program(app: typer.Typer, given: list[str]) -> None:
    """Runs an application's command and exits with its status; no traceback without --debug."""
    # Here, and not in a command, so that it may stand anywhere and covers all of them.
    debug = "--debug" in given
    command = typer.main.get_command(app)
    try:
        rest = [each for each in given if each != "--debug"]
        with command.make_context("seq2seq", rest) as context:
            command.invoke(context)
        sys.stdout.flush()
    except typer.Exit as done:
        raise SystemExit(done.exit_code) from None
    except KeyboardInterrupt as stop:
        _fail(str(stop) or "interrupted", INTERRUPTED)
    except BrokenPipeError:
        # Who read our output has gone, as `head` does; Python must not flush into it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(NO_READER) from None
    except Exception as error:
        if debug:
            raise
        _fail(f"error: {_said(error)}", FAILED)


def _said(error: Exception) -> str:
    if hasattr(error, "format_message"):  # Typer's own: a wrong option or argument
        return f"{error.format_message()} (--help lists what there is)"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, (ValueError, OSError)):
        return str(error)
    return f"{type(error).__name__}: {error} (--debug shows where)"


def _fail(message: str, status: int) -> None:
    print(f"seq2seq: {' '.join(message.split())}", file=sys.stderr)
    raise SystemExit(status) from None


@contextlib.contextmanager
def text_progress(total: int | None = None, shown: bool = True) -> Iterator[Callable[[int], None]]:
    """Shows a count on standard error, where that is a terminal, and clears it away after."""
    from rich import progress
    from rich.console import Console

    console = Console(stderr=True)
    columns = [
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("texts"),
        progress.TimeElapsedColumn(),
    ]
    hidden = not (shown and console.is_terminal)
    with progress.Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task("", total=total)
        yield lambda count: bar.advance(task, count)
