"""Several models that choose each token together."""

import functools
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from keras import ops

from pipelines.tokenizers.tokenizer import Tokenizer
from seq2seq.models.seq2seq import Seq2Seq

Mean = Literal["arithmetic", "geometric"]


class Ensemble(Seq2Seq):
    """Predicts by the mean of its models' distributions: Sutskever et al. (2014), section 3.6.

    Each model encodes, steps and reorders its state as it does alone, so models of all kinds go
    together, and whoever decodes takes an ensemble for one model. It is made of trained models
    where it is used, and neither trained nor saved as one.

    Args:
        models: built ones, whose ids mean the same.
        mean: "arithmetic" averages probabilities, so what one model finds likely may be said;
            "geometric" averages log-probabilities, so each model may forbid. Its logits are
            not normalised.
        weights: how much each model counts; only their ratios matter. All equal by default.

    Raises:
        ValueError: there is no model, the mean is unknown, or weights are not as many as models
            or not positive.
    """

    def __init__(
        self,
        models: Sequence[Seq2Seq],
        mean: Mean = "arithmetic",
        weights: Sequence[float] = (),
    ):
        super().__init__(name="ensemble")
        if not models:
            raise ValueError("an ensemble of no models: give at least one")
        if mean not in get_args(Mean):
            raise ValueError(f"mean = {mean!r}: choose one of {', '.join(get_args(Mean))}")
        weights = list(weights) or [1.0] * len(models)
        if len(weights) != len(models) or not min(weights) > 0:
            raise ValueError(
                f"{len(weights)} weights {weights} for {len(models)} models: give each model one, "
                "larger than 0"
            )
        self.models = list(models)
        self.mean = mean
        self.shares: list[float] = (np.array(weights) / sum(weights)).tolist()
        self.built = True

    def encode(self, source):
        return {name: model.encode(source) for name, model in self._named()}

    def features(self, source):
        """Sets the models' vectors side by side."""
        vectors = [ops.cast(model.features(source), "float32") for model in self.models]
        return ops.concatenate(vectors, axis=-1)

    def decode_with_attention(self, target, memory):
        """Shows the mean of the models' attention, too."""
        decoded = [
            model.decode_with_attention(target, memory[name]) for name, model in self._named()
        ]
        logits, attention = zip(*decoded)
        return self._average(logits), self._shared(attention)

    def begin(self, memory, hypotheses=1, room=0):
        return {name: model.begin(memory[name], hypotheses, room) for name, model in self._named()}

    def look(self, token, position, state, memory):
        """Shows the mean of the models' attention, and their vectors side by side."""
        logits, shown, following = [], [], {}
        for name, model in self._named():
            looked = model.look(token, position, state[name], memory[name])
            logits.append(looked[0])
            shown.append(looked[1])
            following[name] = looked[2]
        vectors = [ops.cast(each["vectors"], "float32") for each in shown]
        seen = {
            "attention": self._shared([each["attention"] for each in shown]),
            "vectors": ops.concatenate(vectors, axis=-1),
        }
        return self._average(logits), seen, following

    def read(self, tokens, position, state, memory):
        logits, states = [], []
        for name, model in self._named():
            said, following = model.read(tokens, position, state[name], memory[name])
            logits.append(said)
            states.append(following)
        names = [name for name, _ in self._named()]
        return self._average(logits), [dict(zip(names, each)) for each in zip(*states)]

    def rewind(self, states, count):
        return {
            name: model.rewind([state[name] for state in states], count)
            for name, model in self._named()
        }

    def follow(self, state, parent):
        return {name: model.follow(state[name], parent) for name, model in self._named()}

    def pack(self, state, sentences, hypotheses, room):
        place = (sentences, hypotheses, room)
        return {name: model.pack(state[name], *place) for name, model in self._named()}

    def _named(self):
        return [(f"model_{number}", model) for number, model in enumerate(self.models)]

    def _shared(self, tensors):
        """Adds the models' tensors up by their shares."""
        return sum(share * each for share, each in zip(self.shares, tensors))

    def _average(self, logits):
        """Averages distributions, given as logits [..., V] -> logits [..., V] float32."""
        said = [ops.log_softmax(ops.cast(each, "float32")) for each in logits]
        if self.mean == "geometric":
            return self._shared(said)
        parts = [each + float(np.log(share)) for share, each in zip(self.shares, said)]
        return functools.reduce(ops.logaddexp, parts)


def require_same_pieces(side: str, tokenizers: dict[str, Tokenizer]) -> None:
    """Checks that ids mean the same to all models of an ensemble.

    Args:
        side: "source" or "target".
        tokenizers: that side's, by the names of their runs.

    Raises:
        ValueError: two differ; the message names the first piece that does.
    """
    (first, tokenizer), *others = tokenizers.items()
    kind, pieces = type(tokenizer).__name__, tokenizer.pieces()
    for name, other in others:
        if type(other) is not type(tokenizer) or other.pieces() != pieces:
            raise ValueError(
                f"{first} and {name} cannot be joined: their {side} vocabularies differ "
                f"({kind} and {type(other).__name__}; {_difference(pieces, other.pieces())}): "
                f"train {name} with tokenizer.folder = the tokenizers of {first}"
            )


def _difference(pieces: list[str], others: list[str]) -> str:
    pairs = enumerate(zip(pieces, others))
    differing = [
        f"id {id_} is {one!r} and {other!r}" for id_, (one, other) in pairs if one != other
    ]
    return differing[0] if differing else f"{len(pieces)} and {len(others)} pieces"
