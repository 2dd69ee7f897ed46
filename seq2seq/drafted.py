"""A model and a smaller one that guesses what it will say."""

from seq2seq.models.seq2seq import Seq2Seq


class Drafted(Seq2Seq):
    """Predicts as a model does, and guesses as its draft: Leviathan et al. (2023).

    `SpeculativeSearch` asks both; other searches ask the model alone, and carry the draft's state
    along for nothing. As an `Ensemble`, it is made of trained models where it is used.

    Args:
        model, draft: built ones of any kinds, whose ids mean the same.
    """

    def __init__(self, model: Seq2Seq, draft: Seq2Seq):
        super().__init__(name="drafted")
        self.model = model
        self.draft = draft
        self.built = True

    def encode(self, source):
        return {"model": self.model.encode(source), "draft": self.draft.encode(source)}

    def features(self, source):
        return self.model.features(source)

    def decode_with_attention(self, target, memory):
        return self.model.decode_with_attention(target, memory["model"])

    def begin(self, memory, hypotheses=1, room=0):
        return self._both(lambda name, each: each.begin(memory[name], hypotheses, room))

    def look(self, token, position, state, memory):
        own = state["model"], memory["model"]
        logits, shown, following = self.model.look(token, position, *own)
        return logits, shown, state | {"model": following}

    def guess(self, token, position, state, memory):
        own = state["draft"], memory["draft"]
        logits, following = self.draft.step(token, position, *own)
        return logits, state | {"draft": following}

    def read(self, tokens, position, state, memory):
        """Lets both read, so that the draft goes on from what was said, too."""
        read = lambda name, each: each.read(tokens, position, state[name], memory[name])
        both = self._both(read)
        logits, states = both["model"]
        pairs = zip(states, both["draft"][1])
        return logits, [{"model": own, "draft": draft} for own, draft in pairs]

    def rewind(self, states, count):
        return self._both(lambda name, each: each.rewind([state[name] for state in states], count))

    def follow(self, state, parent):
        return self._both(lambda name, each: each.follow(state[name], parent))

    def pack(self, state, sentences, hypotheses, room):
        place = (sentences, hypotheses, room)
        return self._both(lambda name, each: each.pack(state[name], *place))

    def _both(self, function) -> dict:
        return {
            "model": function("model", self.model),
            "draft": function("draft", self.draft),
        }
