"""Text in, text out: the same object offline, in Python and in TensorFlow Serving."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from pipelines.special_tokens import END, PAD, START
from seq2seq.decoding.beam_search import BeamSearch
from seq2seq.decoding.search import Search
from seq2seq.model_steps import ModelSteps

# Sentences that are sorted together offline: enough for batches without padding, little memory.
WINDOW = 4096


class Generated(NamedTuple):
    """A target and its score, as the search defines it."""

    text: str
    score: float


class Generator(tf.Module):
    """Answers text [B] with {"text": string [B], "score": float32 [B]}.

    An answer does not depend on the other texts of its batch. Bytes that are no UTF-8 are read
    as U+FFFD; what comes out is valid UTF-8. A source is its ids and END, as in training.

    Args:
        tokenizers: the source's and the target's.
        model: a built `Seq2Seq`.
        search: finds the target.
        max_source: the most ids of a source, END included; what is longer is cut.
        ratio, margin: a target has at most ratio * source ids + margin ids, END included, ...
        max_target: ... and never more than this.
        batch_tokens: the most of sentences times longest side in a batch of `generate`, where
            the target counts with the most ids it may have.

    Raises:
        ValueError: a setting leaves no room for any id.
    """

    def __init__(
        self,
        tokenizers,
        model,
        search: Search = BeamSearch(),
        max_source: int = 256,
        ratio: float = 2.0,
        margin: int = 10,
        max_target: int = 256,
        batch_tokens: int = 8192,
    ):
        super().__init__()
        least = {
            "max_source": (max_source, 1),
            "max_target": (max_target, 1),
            "batch_tokens": (batch_tokens, 1),
            "ratio": (ratio, 0.0),
            "margin": (margin, 1),
        }
        for name, (value, wanted) in least.items():
            if value < wanted:
                raise ValueError(f"{name} = {value}: a generator needs at least {wanted}")
        self.source_tokenizer, self.target_tokenizer = tokenizers
        self.model = model
        reader = lambda side: lambda text: side.tokenize(tf.constant([text]))[0].numpy().tolist()
        self.search = search.read(*map(reader, tokenizers))
        self.max_source = max_source
        self.ratio = ratio
        self.margin = margin
        self.max_target = max_target
        self.batch_tokens = batch_tokens

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")], autograph=False)
    def __call__(self, text):
        """Generates the best target of each text [B] -> {"text": [B], "score": [B]}."""
        sentences = tf.shape(text)[0]
        source = self._source(_never_empty(text))
        given = {"source": source.to_tensor(PAD)}
        limit = self._limit(tf.cast(source.row_lengths(), tf.int32))
        memory = self.model.encode(given["source"])
        found = self.search(ModelSteps(self.model, memory), tf.size(limit), limit, given)
        ids = tf.RaggedTensor.from_tensor(found.ids[:, 0], padding=PAD)
        target = _valid(self.target_tokenizer.detokenize(ids))
        return {"text": target[:sentences], "score": found.scores[:sentences, 0]}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, name="source"),
            tf.TensorSpec([None], tf.string, name="target"),
        ],
        autograph=False,
    )
    def log_probability(self, source, target):
        """Scores given targets: text [B], text [B] -> {"score": log-probability with END [B]}."""
        sentences = tf.shape(source)[0]
        source, target = self._source(_never_empty(source)), self._target(_never_empty(target))
        rows = target.nrows()
        read = tf.concat([tf.fill([rows, 1], START), target[:, :-1]], axis=1).to_tensor(PAD)
        say = target.to_tensor(PAD)
        logits = self.model.decode(read, self.model.encode(source.to_tensor(PAD)))
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(say, tf.cast(logits, tf.float32))
        score = -tf.reduce_sum(tf.where(say != PAD, loss, 0.0), axis=1)
        return {"score": score[:sentences]}

    def generate(
        self, texts: Iterable[str], progress: Callable[[int], None] = lambda count: None
    ) -> Iterator[Generated]:
        """Yields a target for each text, in order, from batches of texts of like length.

        Texts are read in windows, so memory does not grow with their number. `progress` is told
        after each batch how many targets it gave.
        """
        for window in _windows(texts):
            text = _encoded(window)
            answers: list[Generated | None] = [None] * len(window)
            for places in self._batches(text):
                answer = self(tf.gather(text, places))
                found = zip(places, answer["text"].numpy(), answer["score"].numpy())
                for place, target, score in found:
                    answers[place] = Generated(target.decode(), float(score))
                progress(len(places))
            yield from answers  # type: ignore[misc]

    def score(
        self,
        sources: Iterable[str],
        targets: Iterable[str],
        progress: Callable[[int], None] = lambda count: None,
    ) -> Iterator[float]:
        """Yields the log-probability of each target given its source, END included, in order.

        Sources are cut to `max_source`, targets are not.

        Raises:
            ValueError: there are more of the one than of the other.
        """
        for window in _windows(_paired(sources, targets)):
            source, target = (_encoded(side) for side in zip(*window))
            scores = np.zeros([len(window)])
            for places in self._batches(source, target):
                answer = self.log_probability(tf.gather(source, places), tf.gather(target, places))
                scores[places] = answer["score"].numpy()
                progress(len(places))
            yield from scores.tolist()

    def _source(self, text):
        """Reads text [B] as ids with END, cut to `max_source`: ragged [B, (S)], S >= 1."""
        ids = self.source_tokenizer.tokenize(_valid(text))[:, : self.max_source - 1]
        return tf.concat([ids, tf.fill([ids.nrows(), 1], END)], axis=1)

    def _target(self, text):
        """Reads text [B] as ids with END: ragged [B, (T)], T >= 1."""
        ids = self.target_tokenizer.tokenize(_valid(text))
        return tf.concat([ids, tf.fill([ids.nrows(), 1], END)], axis=1)

    def _limit(self, length):
        """Gives the most ids that the target of a source of `length` ids [B] may have."""
        allowed = tf.cast(self.ratio * tf.cast(length, tf.float32), tf.int32) + self.margin
        return tf.minimum(allowed, self.max_target)

    def _batches(self, source, target=None):
        """Sorts texts [N] into batches within `batch_tokens`, longest first: places in [N]."""
        length = tf.cast(self._source(source).row_lengths(), tf.int32)
        if target is None:
            other = self._limit(length)
        else:
            other = tf.cast(self._target(target).row_lengths(), tf.int32)
        length = tf.maximum(length, other).numpy()
        order = np.argsort(-length, kind="stable")
        while order.size:
            count = max(1, self.batch_tokens // length[order[0]])
            yield order[:count]
            order = order[count:]


def _valid(text):
    return tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", errors="replace")


def _never_empty(text):
    """Adds an empty text to a batch of none, since recurrent layers fail on no rows."""
    return tf.concat([text, tf.fill([tf.maximum(1 - tf.size(text), 0)], "")], axis=0)


def _encoded(texts):
    """Makes a tensor of str; halves of surrogate pairs, which UTF-8 cannot say, become "?"."""
    return tf.constant([text.encode(errors="replace") for text in texts], tf.string)


def _windows(items: Iterable) -> Iterator[list]:
    if isinstance(items, str):
        raise ValueError(f"texts must be several, got one string: give [{items[:40]!r}]")
    items = iter(items)
    while window := list(itertools.islice(items, WINDOW)):
        yield window


def _paired(sources: Iterable[str], targets: Iterable[str]):
    missing = object()
    for number, pair in enumerate(itertools.zip_longest(sources, targets, fillvalue=missing), 1):
        if missing in pair:
            side = "source" if pair[0] is missing else "target"
            raise ValueError(f"sources and targets must be as many: there is no {side} {number}")
        yield pair
