"""The whole way on real articles, in minutes: the calls that a user makes, one after the other."""

import contextlib
import json
import logging
import shlex
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import tensorflow as tf
from rich import progress
from rich.console import Console
from rich.table import Table

from pipelines.corpora.corpus import Pair
from pipelines.wikipedia.prepare import prepare
from seq2seq.evaluation import Score, evaluate, scores, write_results
from seq2seq.export import export
from seq2seq.model_card import About
from seq2seq.recipe import Recipe, Training
from seq2seq.run import Run
from seq2seq.training.checkpoints import Progress

DUMP = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
METRICS = {
    "chrf": "chrF",
    "bleu": "BLEU",
    "case_accuracy": "case accuracy",
    "punctuation_f1": "punctuation F1",
}
LICENCE = (
    "Trained on text of Wikipedia, which is CC BY-SA 4.0: "
    "https://en.wikipedia.org/wiki/Wikipedia:Copyrights"
)
STAGES = 6
SAMPLES, SHOWN = 8, 3  # source texts that the export is checked with; that it answers here
SHORT = range(8, 19)  # words of a text that is shown, so that it fits on a line or two


def quickstart(
    run: str | Path,
    folder: str | Path,
    minutes: float | None = None,
    dump: str | Path | None = None,
    changes: list[str] = [],
    console: Console | None = None,
) -> Path:
    """Prepares articles, trains on them, scores, exports, and asks what was exported.

    What an earlier call finished is not done again: articles, vocabulary and training are taken
    up where they are. Scores and export are made anew.

    Args:
        run: the folder of the run.
        folder: holds the versions of the exported model, such as saved_models/restore.
        minutes: of training; by default what the recipe says.
        dump: a Wikipedia dump; by default the one that is installed with gensim.
        changes: of the recipe "restore", as from `--set`.

    Returns:
        The folder of the exported version.

    Raises:
        ValueError: a folder holds something else than what an earlier call left there.
        KeyboardInterrupt: Ctrl-C; the message says that the same call goes on.
    """
    if minutes is not None and not minutes > 0:
        raise ValueError(f"training takes more than 0 minutes, not {minutes:g}")
    if minutes is not None:
        changes = [*changes, f"training.minutes={minutes}"]
    stages = _Stages(console or Console())
    try:
        trained = Run.start(run, Recipe.read("restore", changes))
        version, pairs = _make(stages, trained, Path(folder), dump)
    except KeyboardInterrupt as stop:
        stages.console.show_cursor()  # a bar that is torn away would leave it hidden
        raise KeyboardInterrupt(str(stop) or "stopped; the same command goes on") from None
    stages.end(f"The model is in {version}, the run with all else in {trained.folder}.")
    _show_serving(stages, version, pairs[0][0])
    return version


def _make(stages: "_Stages", run: Run, folder: Path, dump) -> tuple[Path, list[Pair]]:
    """Goes from the dump to an exported version that has answered some held-out pairs."""
    text = Path(run.recipe.sections["corpus"]["folder"])
    with stages.begin("Preparing Wikipedia articles"):
        _prepare(stages, text, dump)
    with stages.begin("Learning the vocabulary, and writing the sentences in it"):
        _tokenize(stages, run)
    with stages.begin(f"Training a model to restore text, for {_goal(run.recipe.training)}"):
        _train(stages, run)
    pairs = list(run.corpus.pairs("test"))
    generator = run.generator()
    with stages.begin(f"Restoring {len(pairs):,} sentences of articles that it has never seen"):
        _score(stages, run, generator, pairs)
    with stages.begin("Exporting for TensorFlow Serving, and checking in a fresh process"):
        samples = [source for source, _ in pairs[:SAMPLES]]
        version = export(generator, folder, samples, about=About.read(run.folder, LICENCE))
        stages.say(f"written: {version}")
    shown = _some(pairs)
    with stages.begin(f"Loading {version}, and asking it"):
        _ask(stages, version, shown)
    return version, shown


def _prepare(stages: "_Stages", text: Path, dump: str | Path | None) -> None:
    """Writes the articles, unless they are there.

    Raises:
        ValueError: `text` holds something else, or there is no dump.
    """
    path = Path(dump) if dump else _installed_dump()
    if text.exists():
        stages.say(f"there already: {text}")
    with stages.waiting():
        manifest = prepare(path, text)
    counts = manifest["splits"].items()
    stages.say(" · ".join(f"{split} {part['articles']:,}" for split, part in counts))


def _installed_dump() -> Path:
    from gensim.test.utils import datapath  # seconds, for a path: only where it is needed

    path = Path(datapath(DUMP))
    if not path.is_file():
        raise ValueError(f"gensim was installed without its test data ({path}): install it again")
    return path


def _tokenize(stages: "_Stages", run: Run) -> None:
    with stages.waiting():
        size = run.tokenizers.target.size
        counts = run.records("train").counts
        run.records(run.recipe.training.valid)
    stages.say(f"{size:,} pieces of words · {counts['target tokens']:,} of them to learn from")


def _train(stages: "_Stages", run: Run) -> None:
    """Trains to the end, unless that was done."""
    settings, last = run.recipe.training, run.checkpoints.last()
    reached = Progress() if last is None else run.checkpoints.progress(last)
    if _is_over(reached, settings):
        stages.say(f"done already: {_way(reached)}; for another, name another --run")
        return
    if reached.step:
        stages.say(f"going on after {_way(reached)}")
    reached = run.train(console=stages.console)
    stages.say(_way(reached))


def _is_over(reached: Progress, settings: Training) -> bool:
    return reached.step >= settings.steps or reached.seconds >= 60 * settings.minutes


def _way(reached: Progress) -> str:
    return f"{reached.step:,} updates in {_duration(reached.seconds)}"


def _goal(settings: Training) -> str:
    timed = settings.minutes < float("inf")
    return f"{settings.minutes:g} min" if timed else f"{settings.steps:,} updates"


def _score(stages: "_Stages", run: Run, generator, pairs: list[Pair]) -> None:
    """Scores the model beside the baseline, which is to leave the source as it is."""
    with stages.counting(len(pairs)) as advance:
        result = evaluate(generator, pairs, tuple(METRICS), advance)
    write_results(run.folder, "test", result)
    sources, references = zip(*pairs)
    baseline = scores(sources, references, tuple(METRICS))
    stages.console.print(_table(baseline, result.scores))
    worse = [METRICS[name] for name in METRICS if result.scores[name].value <= baseline[name].value]
    if worse:
        advice = "train longer: --minutes, and another --run"
        stages.say(f"no better than the text as it came in {', '.join(worse)}; {advice}")


def _table(baseline: dict[str, Score], model: dict[str, Score]) -> Table:
    table = Table("", title="held-out articles, of 100", title_justify="left")
    for heading in ("text as it came", "restored"):
        table.add_column(heading, justify="right")
    for name, shown in METRICS.items():
        table.add_row(shown, f"{baseline[name].value:.1f}", f"{model[name].value:.1f}")
    return table


def _some(pairs: list[Pair]) -> list[Pair]:
    """Takes a few short pairs from all over the split."""
    short = [pair for pair in pairs if len(pair[0].split()) in SHORT] or pairs
    return short[:: max(1, len(short) // SHOWN)][:SHOWN]


def _ask(stages: "_Stages", version: Path, pairs: list[Pair]) -> None:
    """Shows what the exported model makes of sources, beside what the articles say."""
    # TensorFlow warns that what is served cannot be trained.
    logging.getLogger("absl").setLevel(logging.ERROR)
    serve = tf.saved_model.load(str(version)).signatures["serving_default"]
    found = serve(text=tf.constant([source for source, _ in pairs]))["text"].numpy()
    for (source, target), answer in zip(pairs, found, strict=True):
        stages.say(f"asked    {source}", "dim")
        stages.say(f"answer   {answer.decode()}", "bold")
        stages.say(f"article  {target}")


def _show_serving(stages: "_Stages", version: Path, source: str) -> None:
    folder = version.parent.resolve()
    request = json.dumps({"instances": [source]}, ensure_ascii=False)
    mount = shlex.quote(f"{folder}:/models/{folder.name}")
    name = shlex.quote(f"MODEL_NAME={folder.name}")
    address = shlex.quote(f"localhost:8501/v1/models/{folder.name}:predict")
    stages.say("Serve it, and ask the server:")
    stages.say(f"docker run -p 8501:8501 -e {name} -v {mount} tensorflow/serving", "cyan")
    stages.say(f"curl -d {shlex.quote(request)} {address}", "cyan")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{seconds:.1f} s"


class _Stages:
    """Announces stages, numbered, and says how long each took."""

    def __init__(self, console: Console):
        self.console = console
        self.number = 0
        self.began = time.perf_counter()

    @contextlib.contextmanager
    def begin(self, what: str) -> Iterator[None]:
        self.number += 1
        began = time.perf_counter()
        self._print(f"{self.number}/{STAGES} {what}", "bold")
        yield
        self.say(_duration(time.perf_counter() - began), "dim")

    def say(self, text: str, style: str | None = None) -> None:
        self._print(f"    {text}", style)

    def end(self, text: str) -> None:
        self._print(f"Done in {_duration(time.perf_counter() - self.began)}. {text}", "bold")

    def waiting(self):
        """Shows that something goes on that cannot be counted."""
        return self.console.status("")

    @contextlib.contextmanager
    def counting(self, total: int) -> Iterator[Callable[[int], None]]:
        columns = [progress.BarColumn(), progress.MofNCompleteColumn()]
        left = progress.TimeRemainingColumn()
        with progress.Progress(*columns, left, console=self.console, transient=True) as bar:
            task = bar.add_task("", total=total)
            yield lambda count: bar.advance(task, count)

    def _print(self, text: str, style: str | None) -> None:
        # Texts and paths are no markup, and a command must stay one line to be copied.
        self.console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
