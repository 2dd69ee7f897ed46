"""From a corpus to its trained tokenizers, kept in a folder."""

import inspect
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pipelines import configuration, plugins
from pipelines.corpora.corpus import Corpus
from pipelines.objectives.noise.noise import split_mark
from pipelines.tokenizers.tokenizer import Tokenizer

FOLDER = "pipelines.tokenizers"
FILE = "tokenizers.json"


class Tokenizers(NamedTuple):
    """The tokenizers of the two sides; one object on both when the vocabulary is shared."""

    source: Tokenizer
    target: Tokenizer

    @property
    def shared(self) -> bool:
        return self.source is self.target


def train_tokenizers(corpus: Corpus, section: dict) -> Tokenizers:
    """Trains what a recipe's [tokenizer] section describes on the split "train".

    train_tokenizers(corpus, {"kind": "subwords", "size": 8000, "shared": True})

    `shared` (default true) makes one tokenizer of both sides, false one of each. The other
    options are arguments of the kind's `train`. Texts are streamed, not kept. The corpus's symbols
    become pieces.

    Raises:
        ValueError: an unknown kind or option, a kind without room for the corpus's symbols, a
            faulty corpus, or too little text.
    """
    kind, options, shared = check_section(section)
    if corpus.symbols:
        options["symbols"] = _symbols(corpus, kind, options)
    if shared:
        tokenizer = kind.train(_texts(corpus, (0, 1)), **options)
        return Tokenizers(tokenizer, tokenizer)
    source, target = (kind.train(_texts(corpus, (side,)), **options) for side in (0, 1))
    return Tokenizers(source, target)


def check_section(section: dict) -> tuple[type[Tokenizer], dict, bool]:
    """Returns the kind, the options of its `train`, and whether both sides share a tokenizer.

    Raises:
        ValueError: an unknown kind or option, or a value of the wrong type.
    """
    options = dict(section)
    shared = options.pop("shared", True)
    if not isinstance(shared, bool):
        raise ValueError(f"tokenizer: shared must be true or false, got {shared!r}")
    if "kind" not in options:
        raise ValueError(f"[tokenizer] needs a kind (known: {', '.join(_kinds())})")
    if "texts" in options:
        raise ValueError("tokenizer: texts come from [corpus] and cannot be set")
    kind = plugins.find(FOLDER, options.pop("kind"), Tokenizer)
    checked = plugins.check(kind.train, options | {"texts": ()})
    del checked["texts"]
    return kind, checked, shared


def make_tokenizers(corpus: Corpus, section: dict) -> Tokenizers:
    """Loads the `folder` that a recipe's [tokenizer] section names, or trains what it describes.

    make_tokenizers(corpus, {"folder": "runs/first/tokenizers"})

    Beside a folder the other options mean nothing, so that a recipe's tokenizer can be replaced
    by setting `tokenizer.folder` alone.

    Raises:
        ValueError: as `load_tokenizers` and `train_tokenizers` do.
    """
    if section.get("folder"):
        return load_tokenizers(section["folder"])
    return train_tokenizers(corpus, {key: section[key] for key in section if key != "folder"})


def save_tokenizers(tokenizers: Tokenizers, folder: str | Path) -> None:
    """Writes folder/shared, or folder/source and folder/target, and a JSON file naming the kinds.

    Raises:
        ValueError: `folder` is there already; models may depend on what it holds.
    """
    folder = _require_new(folder)
    sides = {"shared": tokenizers.source} if tokenizers.shared else tokenizers._asdict()
    beside = folder.with_name(folder.name + ".part")
    shutil.rmtree(beside, ignore_errors=True)
    for name, tokenizer in sides.items():
        tokenizer.save(beside / name)
    kinds = {name: _kind(tokenizer) for name, tokenizer in sides.items()}
    (beside / FILE).write_text(json.dumps(kinds, indent=1) + "\n", encoding="utf-8")
    beside.rename(folder)


def load_tokenizers(folder: str | Path) -> Tokenizers:
    """Reads what `save_tokenizers` wrote.

    Raises:
        ValueError: a file is missing or not what `save_tokenizers` writes.
    """
    folder = Path(folder)
    try:
        kinds = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder} holds no tokenizers: {error}") from None
    if not isinstance(kinds, dict) or kinds.keys() not in ({"shared"}, {"source", "target"}):
        raise ValueError(f'{folder / FILE}: wanted kinds of "shared", or of "source" and "target"')
    sides = {
        name: plugins.find(FOLDER, kind, Tokenizer).load(folder / name)
        for name, kind in kinds.items()
    }
    if "shared" in sides:
        return Tokenizers(sides["shared"], sides["shared"])
    return Tokenizers(**sides)


def make_vocabulary(recipe: str | Path, output: str | Path, changes: list[str]) -> Tokenizers:
    """Trains and saves the tokenizers of a recipe: what `python -m pipelines vocabulary` does.

    Raises:
        ValueError: as `configuration.read`, `plugins.build`, `train_tokenizers` and
            `save_tokenizers` do, or the recipe has no [corpus] or [tokenizer].
    """
    sections = configuration.read(recipe, changes)
    for name in ("corpus", "tokenizer"):
        if not isinstance(sections.get(name), dict):
            raise ValueError(f"{recipe} needs a [{name}] section")
    _require_new(output)  # better said before an hour of training than after
    corpus = plugins.build("pipelines.corpora", Corpus, sections["corpus"])
    tokenizers = train_tokenizers(corpus, sections["tokenizer"])
    save_tokenizers(tokenizers, output)
    return tokenizers


def _require_new(folder: str | Path) -> Path:
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} is there already: remove it or name another folder")
    return folder


def _texts(corpus: Corpus, sides: tuple[int, ...]) -> Iterator[str]:
    for source, target in corpus.pairs("train"):
        pair = split_mark(source)[0], target
        for side in sides:
            if pair[side]:
                yield pair[side]


def _symbols(corpus: Corpus, kind: type[Tokenizer], options: dict) -> list[str]:
    """Joins the corpus's symbols and those of the section.

    Raises:
        ValueError: this kind of tokenizer has none.
    """
    able = [each for each in _kinds() if _has_symbols(plugins.find(FOLDER, each, Tokenizer))]
    if not _has_symbols(kind):
        raise ValueError(
            f"{kind.__name__} has no room for the symbols that the corpus's objective needs, such "
            f"as {corpus.symbols[0]}: take a tokenizer of kind {' or '.join(able)}"
        )
    return list(dict.fromkeys([*corpus.symbols, *options.get("symbols", ())]))


def _has_symbols(kind: type[Tokenizer]) -> bool:
    return "symbols" in inspect.signature(kind.train).parameters


def _kind(tokenizer: Tokenizer) -> str:
    return type(tokenizer).__module__.rpartition(".")[2]


def _kinds() -> list[str]:
    return [kind for kind in plugins.kinds(FOLDER) if kind != "tokenizer"]
