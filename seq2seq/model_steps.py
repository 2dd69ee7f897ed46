"""A model's steps as a search takes them."""

from seq2seq.decoding.search import Steps
from seq2seq.layers.rows import take_rows
from seq2seq.models.seq2seq import Seq2Seq


class ModelSteps(Steps):
    """Steps of a model over what it has read, which finished sentences leave too."""

    def __init__(self, model: Seq2Seq, memory):
        self._model = model
        self._memory = memory

    def begin(self, hypotheses: int):
        return {"own": self._model.begin(self._memory, hypotheses), "memory": self._memory}

    def __call__(self, token, position, state):
        logits, own = self._model.step(token, position, state["own"], state["memory"])
        return logits, state | {"own": own}

    def look(self, token, position, state):
        logits, shown, own = self._model.look(token, position, state["own"], state["memory"])
        return logits, shown, state | {"own": own}

    def guess(self, token, position, state):
        logits, own = self._model.guess(token, position, state["own"], state["memory"])
        return logits, state | {"own": own}

    def read(self, tokens, position, state):
        logits, owns = self._model.read(tokens, position, state["own"], state["memory"])
        return logits, [state | {"own": own} for own in owns]

    def rewind(self, states, count):
        own = self._model.rewind([state["own"] for state in states], count)
        return states[-1] | {"own": own}

    def follow(self, state, parent):
        return state | {"own": self._model.follow(state["own"], parent)}

    def pack(self, state, sentences, hypotheses: int, room: int):
        own = self._model.pack(state["own"], sentences, hypotheses, room)
        return {"own": own, "memory": take_rows(state["memory"], sentences)}
