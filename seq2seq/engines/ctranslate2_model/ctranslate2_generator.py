"""Text in, text out, by CTranslate2."""

import json
from pathlib import Path

import numpy as np
import tensorflow as tf

from pipelines.special_tokens import PAD, START
from pipelines.vocabulary import load_tokenizers
from seq2seq.decoding.constraints.constraint import NEVER
from seq2seq.decoding.search import Search
from seq2seq.engines.ctranslate2_model.search_options import (
    Hypothesis,
    SearchOptions,
    search_of,
)
from seq2seq.engines.engine import require
from seq2seq.generator import Generator
from seq2seq.threads import batches_at_once, threads_of_a_batch


class CTranslate2Generator(Generator):
    """Answers as the `Generator` did that `CTranslate2.write` was given.

    Texts are equal but for ties within rounding, and scores within the share of PAD and START,
    which CTranslate2 takes out of the distribution. An empty text gets an empty answer, for which
    CTranslate2 does not ask the model. It cannot be exported: it runs in Python.

    Args:
        folder: what `CTranslate2.write` wrote.
        search: another than the one it was written with.
        compute_type: of CTranslate2, such as "int8"; "default" is how weights are stored.
        threads: for one batch; 0 shares the processors between the batches that run at once.
        batch_tokens: of `Generator`.

    Raises:
        ValueError: CTranslate2 is not installed, the folder holds something else, or the search
            is not one of CTranslate2's.
    """

    def __init__(
        self,
        folder: str | Path,
        search: Search | None = None,
        compute_type: str = "default",
        threads: int = 0,
        batch_tokens: int = 8192,
    ):
        path = Path(folder) / "generator.json"
        if not path.is_file():
            raise ValueError(f"{folder} holds no CTranslate2 model of ours: there is no {path}")
        settings = json.loads(path.read_text(encoding="utf-8"))
        written = search_of(settings.pop("search"))
        engine = require("ctranslate2", "ctranslate2").Translator(
            str(folder),
            compute_type=compute_type,
            inter_threads=batches_at_once(),
            intra_threads=threads or threads_of_a_batch(),
        )
        tokenizers = load_tokenizers(Path(folder) / "tokenizers")
        super().__init__(
            tokenizers, engine, search or written, batch_tokens=batch_tokens, **settings
        )
        self._options = SearchOptions(self.search)
        self._source_pieces, self._target_pieces = (each.pieces() for each in tokenizers)
        self._target_ids = {piece: id_ for id_, piece in enumerate(self._target_pieces)}

    # Nothing is traced: the engine is no part of a graph.
    __call__ = Generator.__call__.python_function
    nbest = Generator.nbest.python_function

    def found(self, text):
        """Finds the ids of targets: text [B] -> {"ids": [B, N, T], "score": [B, N]}."""
        source = self.source_ids(tf.convert_to_tensor(text, tf.string))
        limits = self._limit(tf.cast(source.row_lengths(), tf.int32)).numpy().tolist()
        found = self._translate(_spelt(source, self._source_pieces), limits)
        count = max(map(len, found), default=1)
        ids = np.full((len(found), count, max(limits, default=0)), PAD, "int32")
        scores = np.full((len(found), count), NEVER, "float32")
        for sentence, ranked in enumerate(found):
            for rank, (pieces, score) in enumerate(ranked):
                ids[sentence, rank, : len(pieces)] = [self._target_ids[piece] for piece in pieces]
                scores[sentence, rank] = score
        return {"ids": tf.constant(ids), "score": tf.constant(scores)}

    def forced(self, text, ids):
        """Is nothing that CTranslate2 could do with attention to all of the source.

        Raises:
            ValueError: always.
        """
        raise ValueError("CTranslate2 shows no details of targets: ask the run itself for them")

    def log_probability(self, source, target):
        """Scores given targets: text [B], text [B] -> {"score": log-probability with END [B]}."""
        source = _spelt(self.source_ids(source), self._source_pieces)
        target = _spelt(self.target_ids(target), self._target_pieces)
        scored = self.model.score_batch(source, target, max_input_length=0)
        sums = [sum(each.log_probs) for each in scored]
        return {"score": tf.constant(sums, tf.float32)}

    def _translate(self, sources: list[list[str]], limits: list[int]) -> list[list[Hypothesis]]:
        """Finds the best targets of each source, of at most so many pieces with END."""
        if not sources:
            return []
        # The engine has one limit for a batch. Where a search went beyond a source's own limit,
        # as one of its hypotheses then shows, it is made again.
        found = self._search(sources, max(limits))
        for place, limit in enumerate(limits):
            if max(map(len, found[place].hypotheses)) > limit:
                found[place] = self._search([sources[place]], limit)[0]
        return [self._options.ranked(result) for result in found]

    def _search(self, sources: list[list[str]], limit: int) -> list:
        return self.model.translate_batch(
            sources,
            max_input_length=0,
            max_decoding_length=limit,
            min_decoding_length=0,
            suppress_sequences=[[self._target_pieces[token]] for token in (PAD, START)],
            **self._options.arguments(),
        )


def _spelt(ids: tf.RaggedTensor, pieces: list[str]) -> list[list[str]]:
    """Spells ids without END, which CTranslate2 adds."""
    return [[pieces[id_] for id_ in row[:-1]] for row in ids.to_list()]
