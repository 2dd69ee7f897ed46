"""The folder of a run: all that training leaves and that evaluating, generating and export need."""

import functools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Self

import tensorflow as tf

from pipelines import configuration
from pipelines.corpora.corpus import Corpus, Pair
from pipelines.noising import noised_pairs
from pipelines.records import MANIFEST, Records, write_records
from pipelines.vocabulary import Tokenizers, load_tokenizers, make_tokenizers, save_tokenizers
from pipelines.whole_files import write_whole
from seq2seq.drafted import Drafted
from seq2seq.ensemble import Ensemble, Mean, require_same_pieces
from seq2seq.generator import Generator
from seq2seq.models.seq2seq import Seq2Seq
from seq2seq.recipe import Recipe
from seq2seq.training.checkpoints import WEIGHTS, Checkpoints
from seq2seq.training.distribution import by_chief

RECIPE, TOKENIZERS, RECORDS, CHECKPOINTS = "recipe.json", "tokenizers", "records", "checkpoints"

# What a user may change of a trained run: where text comes from, and how targets are found.
CHANGEABLE = ("corpus", "search", "generator")


class RunFolder:
    """recipe.json, tokenizers/, records/, checkpoints/, metrics.jsonl, tensorboard/, results/."""

    def __init__(self, folder: str | Path, changes: Iterable[str] = ()):
        """Opens a run that `start` began.

        Args:
            changes: such as "search.width=8", for this opening only: of how the trained model is
                used, not of what it is.

        Raises:
            ValueError: the folder holds no run, or a change is of another section.
        """
        self.folder = Path(folder)
        path = self.folder / RECIPE
        if not path.is_file():
            raise ValueError(f"{self.folder} holds no run ({RECIPE} is missing): train one into it")
        sections = json.loads(path.read_text(encoding="utf-8"))
        for change in changes:
            if not change.startswith(tuple(f"{section}." for section in CHANGEABLE)):
                known = ", ".join(CHANGEABLE)
                raise ValueError(f"--set {change}: of a trained run only {known} may be changed")
            configuration.apply(change, sections)
        self.recipe = Recipe(sections)
        settings = self.recipe.training
        kept = settings.metric, settings.keep_last, settings.keep_best
        self.checkpoints = Checkpoints(self.folder / CHECKPOINTS, *kept)
        self.strategy = tf.distribute.get_strategy()  # until `distribute`

    @classmethod
    def start(cls, folder: str | Path, recipe: Recipe) -> Self:
        """Begins a run, or opens one that was begun with the same recipe.

        Raises:
            ValueError: the folder holds a run of another recipe, or other files.
        """
        folder = Path(folder)
        path = folder / RECIPE
        # Other workers may begin it just now: what they write later than the recipe is not seen.
        there = [each.name for each in folder.iterdir()] if folder.is_dir() else []
        if path.is_file():
            run = cls(folder)
            differing = _differing(run.recipe.sections, recipe.sections)
            if differing:
                raise ValueError(
                    f"{folder} holds a run of another recipe (it differs in "
                    f"{', '.join(differing)}): name another folder"
                )
            return run
        foreign = [name for name in there if not name.startswith(f".{RECIPE}")]
        if foreign or folder.exists() and not folder.is_dir():
            raise ValueError(f"{folder} is there already and holds no run: name another folder")
        write_whole(path, json.dumps(recipe.sections, indent=1))
        return cls(folder)

    @functools.cached_property
    def corpus(self) -> Corpus:
        """The recipe's corpus, whose files only training needs."""
        return self.recipe.corpus()

    @functools.cached_property
    def tokenizers(self) -> Tokenizers:
        """The run's tokenizers; trained first, where they are not there yet."""
        folder = self.folder / TOKENIZERS
        make = lambda: make_tokenizers(self.corpus, self.recipe.sections["tokenizer"])
        self._once(folder, lambda: save_tokenizers(make(), folder))
        return load_tokenizers(folder)

    def pairs(self, split: str) -> Iterator[Pair]:
        """Yields the pairs of a split, noised as in validation where that is the objective."""
        return noised_pairs(self.corpus.pairs(split), self.tokenizers)

    def records(self, split: str) -> Records:
        """Returns the tokenized split; written first, where it is not there yet."""
        folder, tokenizers = self.folder / RECORDS / split, self.tokenizers
        pairs = lambda: self.corpus.pairs(split)
        write = lambda: write_records(pairs(), tokenizers, folder, self.recipe.limits)
        self._once(folder / MANIFEST, write)
        return Records(folder)

    def _once(self, path: Path, make: Callable[[], object]) -> None:
        """Lets the chief make what is not there yet; the other workers wait for it.

        Raises:
            ValueError: a worker does not find it.
        """

        def make_missing():
            if not path.exists():
                make()

        by_chief(self.strategy, make_missing)
        if not path.exists():
            raise ValueError(
                f"{path} is not there, though the chief made it: give all workers the same run "
                "folder, on a file system that they share"
            )

    def model(self, checkpoint: str = "best") -> Seq2Seq:
        """Returns the model with the weights of a checkpoint, in the generator's precision."""
        path = self.checkpoints.path(checkpoint) / WEIGHTS
        model = self.recipe.model(self.tokenizers, self.recipe.generator_precision())
        model.load_weights(path)
        return model

    def generator(
        self,
        checkpoint: str = "best",
        others: Sequence[str] = (),
        mean: Mean = "arithmetic",
        weights: Sequence[float] = (),
        nbest: int | None = None,
        draft: str | None = None,
    ) -> Generator:
        """Returns text to text with the weights of a checkpoint, or by an ensemble with others.

        Args:
            others: runs to join, such as "runs/b", or "runs/b@last" for a checkpoint other than
                the best. How targets are found is said by this run alone.
            mean, weights: of the `Ensemble`, this run first.
            nbest: how many targets are found of a text [as the recipe says].
            draft: a run, named as others, that guesses what is said: the search is speculative.

        Raises:
            ValueError: there is no such run or checkpoint, its vocabularies are others, or the
                search finds fewer.
        """
        search = self.recipe.search.drafted() if draft else self.recipe.search
        search = search.several(nbest) if nbest else search
        model = self.model(checkpoint)
        if others or weights:
            model = Ensemble([model, *self._models_of(others)], mean, weights)
        if draft:
            model = Drafted(model, *self._models_of([draft]))
        return self.recipe.generator(self.tokenizers, model, search)

    def _models_of(self, others: Sequence[str]) -> list[Seq2Seq]:
        """Loads models of other runs, such as "runs/b@last", that have this run's vocabularies."""
        joined = [_at(other) for other in others]
        runs = {str(self.folder): self} | {str(run.folder): run for run, _ in joined}
        for side in ("source", "target"):
            sides = {name: getattr(run.tokenizers, side) for name, run in runs.items()}
            require_same_pieces(side, sides)
        return [run.model(wanted) for run, wanted in joined]


def _at(said: str) -> tuple[RunFolder, str]:
    """Reads RUN or RUN@CHECKPOINT."""
    folder, _, checkpoint = said.rpartition("@")
    if not folder or Path(said).is_dir():
        return RunFolder(said), "best"
    return RunFolder(folder), checkpoint


def _differing(before: dict, wanted: dict) -> list[str]:
    """Names the options in which two recipes differ, such as "model.units"."""
    told = [
        {
            f"{name}.{option}": json.dumps(value)
            for name, section in sections.items()
            for option, value in section.items()
        }
        for sections in (before, wanted)
    ]
    return sorted({name for name, _ in told[0].items() ^ told[1].items()})
