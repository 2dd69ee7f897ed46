"""Trains vectors of words on prepared text, by gensim."""

import dataclasses
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from gensim.models import FastText, Word2Vec
from gensim.models.callbacks import CallbackAny2Vec
from gensim.models.fasttext import save_facebook_model

from pipelines.wikipedia.article import Article
from pipelines.wikipedia.manifest import read_manifest
from pipelines.wikipedia.shards import read_articles

WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
HOLE = "\ufffc"

Watch = Callable[[str, float, float], None]  # what is done, how much of it, of how much


@dataclasses.dataclass(frozen=True)
class Vectors:
    """How vectors are trained.

    kind: "word2vec" (Mikolov et al. 2013), or "fasttext" (Bojanowski et al. 2017), which makes
        words of their parts, so that inflected ones help each other
    size: of a vector
    window: words on each side that a word tells, or is told by
    least_count: how often a word occurs at least, to have a vector
    skip_gram: whether a word tells those around it, which is slower and better for rare words, or
        is told by them
    negative: words that each pair is told from
    lower: whether capitals are read as small letters
    seed: of the first numbers; with several processes no two runs are quite alike
    """

    kind: Literal["word2vec", "fasttext"] = "word2vec"
    size: int = 300
    window: int = 5
    least_count: int = 5
    epochs: int = 5
    skip_gram: bool = True
    negative: int = 5
    lower: bool = True
    seed: int = 1

    def __post_init__(self):
        for name in ("size", "window", "least_count", "epochs", "negative"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")

    def words(self, article: Article) -> Iterator[list[str]]:
        """Yields the words and marks of each sentence of an article."""
        for sentences in article.paragraphs():
            for sentence in sentences:
                text = sentence.replace(HOLE, " ")
                yield WORD.findall(text.lower() if self.lower else text)

    def train(self, sentences: Path, processes: int, watch: Watch) -> Word2Vec | FastText:
        """Trains on a file of sentences, a line each, with a space between words.

        Raises:
            ValueError: no word occurs often enough.
        """
        kind = {"word2vec": Word2Vec, "fasttext": FastText}[self.kind]
        watch("counting words", 0, 0)
        model = kind(
            vector_size=self.size,
            window=self.window,
            min_count=self.least_count,
            sg=int(self.skip_gram),
            negative=self.negative,
            epochs=self.epochs,
            workers=processes,
            seed=self.seed,
        )
        model.build_vocab(corpus_file=str(sentences))
        if not len(model.wv):
            raise ValueError(f"no word occurs {self.least_count} times: lower least_count")
        # gensim's threads read the file each on its own, without waiting for Python.
        model.train(
            corpus_file=str(sentences),
            total_examples=model.corpus_count,
            total_words=model.corpus_total_words,
            epochs=self.epochs,
            callbacks=[_Epochs(watch, self.epochs)],
        )
        return model


class _Epochs(CallbackAny2Vec):
    """Tells how many epochs are done."""

    def __init__(self, watch: Watch, epochs: int):
        self._watch, self._epochs, self._done = watch, epochs, 0
        watch("training", 0, epochs)

    def on_epoch_end(self, model: Any) -> None:
        self._done += 1
        self._watch("training", self._done, self._epochs)


def train_vectors(
    folder: Path,
    output: Path,
    vectors: Vectors = Vectors(),
    processes: int = 1,
    watch: Watch = lambda phase, done, total: None,
) -> int:
    """Trains on the articles for training that `folder` holds; returns how many words have vectors.

    `output` ends with .txt or .vec (text, which .gz may follow) or .bin: word2vec's binary format,
    or fastText's own for that kind. The words of all articles are written beside it meanwhile.

    Raises:
        ValueError: `folder` is no prepared Wikipedia, `output` is there or ends with something
            else, or there are too few words.
    """
    folder, output = Path(folder), Path(output)
    _require_writable(output)
    shards = [folder / name for name in read_manifest(folder)["splits"]["train"]["files"]]
    with tempfile.TemporaryDirectory(prefix=f".{output.name}-", dir=output.parent) as beside:
        sentences = Path(beside) / "sentences"
        with open(sentences, "w", encoding="utf-8") as file:
            for done, shard in enumerate(shards):
                watch("reading shards", done, len(shards))
                for article in read_articles(shard):
                    file.writelines(f"{' '.join(words)}\n" for words in vectors.words(article))
        model = vectors.train(sentences, processes, watch)
        # The whole name again, since gensim looks at how it ends.
        _save(model, Path(beside) / output.name)
        os.replace(Path(beside) / output.name, output)
    return len(model.wv)


def _require_writable(output: Path) -> None:
    kind = output.suffixes[-2:] if output.suffix == ".gz" else output.suffixes[-1:]
    if not kind or kind[0] not in (".txt", ".vec", ".bin") or kind == [".bin", ".gz"]:
        raise ValueError(f"{output}: vectors are written as .txt, .vec (both with .gz too) or .bin")
    if output.exists():
        raise ValueError(f"{output} is there already: remove it, or name another file")
    output.parent.mkdir(parents=True, exist_ok=True)


def _save(model: Word2Vec | FastText, path: Path) -> None:
    binary = path.suffix == ".bin"
    if binary and isinstance(model, FastText):
        save_facebook_model(model, str(path))
    else:
        model.wv.save_word2vec_format(str(path), binary=binary)
