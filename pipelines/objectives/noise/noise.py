"""The contract of an objective whose pairs are made of ids, when batches are made."""

import abc
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from typing import NamedTuple

import tensorflow as tf

from pipelines.objectives.noise.draws import Draws
from pipelines.objectives.objective import Objective, Pair, find_objective
from pipelines.wikipedia.article import Article
from pipelines.wikipedia.passages import Passages
from pipelines.wikipedia.sentences import join_sentences

NUL = "\0"  # which no text has
MASK = "<mask>"


class Vocabulary(NamedTuple):
    """What noise needs to know of a tokenizer: the ids of the noise's symbols, and the size."""

    symbols: list[int]
    size: int


@dataclass(frozen=True)
class Noise(Objective):
    """Makes (source, target) of a passage's ids; no side is longer than the passage.

    The pairs that it makes of an article are (mark, passage): the mark says what is to be done.

    passages: how the text of sections is cut; they are whole sentences.
    fresh: new noise in each epoch; else what is drawn for a passage is the same in all of them.
    """

    passages: Passages = Passages(sentences=10, words=80, characters=800)
    fresh: bool = True

    @abc.abstractmethod
    def noised(
        self, rows: tf.Tensor, vocabulary: Vocabulary, draws: Draws
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Turns the ids of passages [R, T], PAD behind, into source [R, S] and target [R, T]."""

    @property
    def mark(self) -> str:
        """The source of this noise's pairs: NUL, and the objective's section as JSON."""
        kind = type(self).__module__.rpartition(".")[2]
        return NUL + json.dumps({"kind": kind} | asdict(self))

    def pairs(self, article: Article) -> Iterator[Pair]:
        for section in article.sections:
            for group in self.passages.groups(chain(*section.paragraphs)):
                yield self.mark, self.joined(group)

    def joined(self, sentences: list[str]) -> str:
        """Makes a passage of its sentences."""
        return join_sentences(sentences)


def split_mark(source: str) -> tuple[str, str]:
    """Parts a source into what stands before a mark, and the mark: "fill in: \\0{...}" ->
    ("fill in:", "\\0{...}"). A source without a mark is ("text", "")."""
    text, nul, section = source.rpartition(NUL)
    if nul and section.startswith('{"kind": "'):
        return text.rstrip(" "), nul + section
    return source, ""


def read_mark(mark: str) -> Noise:
    """Builds the noise that made a mark."""
    found = find_objective(json.loads(mark.removeprefix(NUL)))
    assert isinstance(found, Noise)
    return found


def require_share(name: str, value: float) -> None:
    """Checks an option that says how much of a passage is changed.

    Raises:
        ValueError: it is not a share.
    """
    if not 0 <= value < 1:
        raise ValueError(f"{name} is a share of the tokens, 0 or more and below 1, not {value}")
