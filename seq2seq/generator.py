"""Text in, text out: the same object offline, in Python and in TensorFlow Serving."""

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Self

import numpy as np
import tensorflow as tf

from pipelines.special_tokens import END, PAD, START
from seq2seq.decoding.beam_search import BeamSearch
from seq2seq.decoding.search import Search, Steps
from seq2seq.details import Details
from seq2seq.generated import Generated, generated, there
from seq2seq.model_steps import ModelSteps
from seq2seq.text_batches import answered, encoded, paired
from seq2seq.text_stream import streamed
from seq2seq.token_stream import TokenStream
from seq2seq.unknown_words import spelt_by_attention

TEXT = tf.TensorSpec([None], tf.string, name="text")
Progress = Callable[[int], None]


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
        replace_unknown: spells unknown ids of vocabularies of words as the words of the source
            that attention read most for them.

    Raises:
        ValueError: a setting leaves no room for any id, or there are no words to replace.
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
        replace_unknown: bool = False,
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
        reader = lambda side: lambda texts: side.tokenize(tf.constant(texts, tf.string)).to_list()
        self.search = search.read(*map(reader, tokenizers))
        self.max_source = max_source
        self.ratio = ratio
        self.margin = margin
        self.max_target = max_target
        self.batch_tokens = batch_tokens
        self.replace_unknown = replace_unknown
        if replace_unknown:
            for side in tokenizers:
                side.words_of(tf.constant([], tf.string))
        self._tokens: TokenStream | None = None  # until `stream` needs it

    @tf.function(input_signature=[TEXT], autograph=False)
    def __call__(self, text):
        """Generates the best target of each text [B] -> {"text": [B], "score": [B]}."""
        found = self.found(text)
        return {"text": self.told(text, found["ids"][:, :1])[:, 0], "score": found["score"][:, 0]}

    @tf.function(input_signature=[TEXT], autograph=False)
    def nbest(self, text):
        """Generates N targets of each text [B], best first -> {"text": [B, N], "score": [B, N]}.

        N is the search's. Where it finds fewer, an empty text with a score of -1e9 stands.
        """
        found = self.found(text)
        return {"text": self.told(text, found["ids"]), "score": found["score"]}

    @tf.function(input_signature=[TEXT], autograph=False)
    def found(self, text):
        """Finds the ids of targets: text [B] -> {"ids": [B, N, T], "score": [B, N]}."""
        return self.find(text, self.search, {})

    def by(self, model) -> Self:
        """Returns the same generator by another model of the same ids."""
        other = copy.copy(self)
        other.model = model
        other._tokens = None
        return other

    def find(self, text, search: Search, given: dict):
        """Finds as `found` by a search, and by what is given of texts beside their source."""
        sentences = tf.shape(text)[0]
        source, limit = self._read(_never_empty(text))
        found = search(self.steps(source), tf.size(limit), limit, given | {"source": source})
        return {"ids": found.ids[:sentences], "score": found.scores[:sentences]}

    def steps(self, source) -> Steps:
        """Lets the model read source ids [B, S] -> its steps."""
        return ModelSteps(self.model, self.model.encode(source))

    @tf.function(
        input_signature=[TEXT, tf.TensorSpec([None, None], tf.int32, name="ids")], autograph=False
    )
    def forced(self, text, ids):
        """Lets the model say given ids: text [B], ids [B, T] with PAD at the end.

        Returns:
            {"log_probability": of each id, 0 for PAD [B, T], "attention": [B, T, S], "source":
            the ids that were read [B, S]}.
        """
        source = self.source_ids(text).to_tensor(PAD)
        read = tf.concat([tf.fill([tf.shape(ids)[0], 1], START), ids[:, :-1]], axis=1)
        logits, attention = self.model.decode_with_attention(read, self.model.encode(source))
        logits = tf.cast(logits, tf.float32)
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(ids, logits)
        said = -tf.where(ids == PAD, 0.0, loss)
        return {"log_probability": said, "attention": attention, "source": source}

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, name="source"),
            tf.TensorSpec([None], tf.string, name="target"),
        ],
        autograph=False,
    )
    def log_probability(self, source, target):
        """Scores given targets: text [B], text [B] -> {"score": log-probability with END [B]}."""
        ids = self.target_ids(_never_empty(target)).to_tensor(PAD)
        said = self.forced(_never_empty(source), ids)["log_probability"]
        return {"score": tf.reduce_sum(said, axis=1)[: tf.shape(source)[0]]}

    def generate(
        self,
        texts: Iterable[str],
        progress: Progress = lambda count: None,
        details: bool = False,
    ) -> Iterator[Generated]:
        """Yields the best target of each text, in order, from batches of texts of like length.

        Texts are read in windows, so memory does not grow with their number. `progress` is told
        after each batch how many targets it gave. `details` take one more pass of the model.
        """

        def best(texts: list[str]) -> list[Generated]:
            if details:
                return [first for first, in self._detailed(texts, 1)]
            found = self(encoded(texts))
            return generated(found["text"].numpy(), found["score"].numpy())

        return answered(texts, self.lengths, best, self.batch_tokens, progress)

    def generate_nbest(
        self,
        texts: Iterable[str],
        progress: Progress = lambda count: None,
        details: bool = False,
    ) -> Iterator[list[Generated]]:
        """Yields the targets that the search finds for each text, best first; else as `generate`.

        How many is the search's option, such as `best` of `BeamSearch`; it may find fewer.
        """

        def several(texts: list[str]) -> list[list[Generated]]:
            if details:
                return self._detailed(texts)
            found = self.nbest(encoded(texts))
            rows = zip(found["text"].numpy(), found["score"].numpy())
            return [there(generated(*row)) for row in rows]

        return answered(texts, self.lengths, several, self.batch_tokens, progress)

    def stream(self, text: str) -> Iterator[str]:
        """Yields the target of a text in parts, each as soon as it is found.

        Joined, the parts are what `generate` finds by the search's own `streaming`: greedily,
        where the search itself would take back what it has said, as a beam does.
        """
        return streamed(self.token_stream(), text)

    def token_stream(self) -> TokenStream:
        """Returns what gives a target while it is found; made once."""
        if self._tokens is None:
            spell = lambda ids: self.spelt(ids[None, None])[0, 0]
            search = self.search.streaming()
            self._tokens = TokenStream(self._read, self.model, search, spell)
        return self._tokens

    def score(
        self,
        sources: Iterable[str],
        targets: Iterable[str],
        progress: Progress = lambda count: None,
    ) -> Iterator[float]:
        """Yields the log-probability of each target given its source, END included, in order.

        Sources are cut to `max_source`, targets are not.

        Raises:
            ValueError: there are more of the one than of the other.
        """

        def scores(pairs: list[tuple[str, str]]) -> list[float]:
            found = self.log_probability(*map(encoded, zip(*pairs)))
            return found["score"].numpy().tolist()

        pairs = paired(sources, targets)
        return answered(pairs, self._pair_lengths, scores, self.batch_tokens, progress)

    def explain(
        self,
        sources: Iterable[str],
        targets: Iterable[str],
        progress: Progress = lambda count: None,
    ) -> Iterator[Generated]:
        """Yields each target with its score, as `score`, and how the model says its pieces."""

        def explained(pairs: list[tuple[str, str]]) -> list[Generated]:
            source, target = map(encoded, zip(*pairs))
            details = self._details(source, self.target_ids(target).to_tensor(PAD))
            return [
                Generated(target, sum(more.log_probabilities), more)
                for (_, target), more in zip(pairs, details)
            ]

        pairs = paired(sources, targets)
        return answered(pairs, self._pair_lengths, explained, self.batch_tokens, progress)

    def _detailed(self, texts: list[str], most: int | None = None) -> list[list[Generated]]:
        """Generates the best targets of texts and forces each upon the model afterwards."""
        text = encoded(texts)
        found = self.found(text)
        ids, scores = found["ids"][:, :most], found["score"][:, :most].numpy()
        spelt = self.told(text, ids).numpy()
        ranks = [self._details(text, ids[:, rank]) for rank in range(ids.shape[1])]
        rows = zip(spelt, scores, zip(*ranks))
        return [there(generated(*row)) for row in rows]

    def _details(self, text, ids) -> list[Details]:
        """Explains targets: text [B], ids [B, T] with PAD at the end."""
        found = {name: tensor.numpy() for name, tensor in self.forced(text, ids).items()}
        read = self.source_tokenizer.tokens(found["source"]).numpy()
        pieces = read, self.target_tokenizer.tokens(ids).numpy()
        forced = found["log_probability"], found["attention"]
        return Details.of(found["source"], ids.numpy(), pieces, forced)

    def _read(self, text):
        """Reads text [B] -> (source ids [B, S] with PAD, the most ids of each target [B])."""
        source = self.source_ids(text)
        limit = self._limit(tf.cast(source.row_lengths(), tf.int32))
        return source.to_tensor(PAD), limit

    def source_ids(self, text):
        """Reads text [B] as ids with END, cut to `max_source`: ragged [B, (S)], S >= 1."""
        ids = self.source_tokenizer.tokenize(_valid(text))[:, : self.max_source - 1]
        return tf.concat([ids, tf.fill([ids.nrows(), 1], END)], axis=1)

    def target_ids(self, text):
        """Reads text [B] as ids with END: ragged [B, (T)], T >= 1."""
        ids = self.target_tokenizer.tokenize(_valid(text))
        return tf.concat([ids, tf.fill([ids.nrows(), 1], END)], axis=1)

    def told(self, text, ids):
        """Spells the targets of text [B], ids [B, N, T], with unknown words replaced if asked."""
        return spelt_by_attention(self, text, ids) if self.replace_unknown else self.spelt(ids)

    def spelt(self, ids):
        """Spells ids [B, N, T] with PAD at the end -> text [B, N], valid UTF-8."""
        shape = tf.shape(ids)
        rows = tf.reshape(ids, [shape[0] * shape[1], shape[2]])
        # With PAD, which tokenizers skip: to find the ends takes longer.
        text = self.target_tokenizer.detokenize(tf.RaggedTensor.from_tensor(rows))
        return tf.reshape(_valid(text), shape[:2])

    def _limit(self, length):
        """Gives the most ids that the target of a source of `length` ids [B] may have."""
        allowed = tf.cast(self.ratio * tf.cast(length, tf.float32), tf.int32) + self.margin
        return tf.minimum(allowed, self.max_target)

    def lengths(self, texts: list[str]):
        """Counts the ids of the longer side of each text, where the target may be its longest."""
        length = tf.cast(self.source_ids(encoded(texts)).row_lengths(), tf.int32)
        return tf.maximum(length, self._limit(length)).numpy()

    def _pair_lengths(self, pairs: list[tuple[str, str]]):
        """Counts the ids of the longer side of each pair."""
        source, target = map(encoded, zip(*pairs))
        return np.maximum(
            self.source_ids(source).row_lengths(), self.target_ids(target).row_lengths()
        )


def _valid(text):
    return tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", errors="replace")


def _never_empty(text):
    """Adds an empty text to a batch of none, since recurrent layers fail on no rows."""
    return tf.concat([text, tf.fill([tf.maximum(1 - tf.size(text), 0)], "")], axis=0)
