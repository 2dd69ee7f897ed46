import numpy as np
import pytest
from keras import ops

from pipelines.tokenizers.bytes import Bytes
from seq2seq.decoding.beam_search import BeamSearch
from seq2seq.decoding.constrained_beam_search import ConstrainedBeamSearch
from seq2seq.decoding.constraints.banned import Banned
from seq2seq.decoding.constraints.prefix import Prefix
from seq2seq.decoding.greedy_search import GreedySearch
from seq2seq.generator import Generator
from seq2seq.guided import Guided, Request
from seq2seq.models.seq2seq import Seq2Seq


class Talker(Seq2Seq):
    """Says what a random table has for the last token, whatever it has read."""

    def __init__(self, vocabulary: int):
        super().__init__()
        self.table = np.random.default_rng(1).normal(size=[vocabulary] * 2).astype("float32")

    def encode(self, source):
        return {"source": source}

    def begin(self, memory, hypotheses=1, room=0):
        return {"rows": ops.repeat(memory["source"][:, :1], hypotheses, axis=0)}

    def step(self, token, position, state, memory):
        return ops.take(ops.convert_to_tensor(self.table), token, axis=0), state


@pytest.fixture
def generator():
    limits = {"ratio": 1.0, "margin": 12, "batch_tokens": 60}
    model = Talker(Bytes().size)
    return Generator((Bytes(), Bytes()), model, BeamSearch(6, length_penalty=1.0), **limits)


def test_each_text_gets_its_own_prefix_and_phrases(generator):
    guided = Guided(generator)
    requests = [
        Request("abc", "Ja", ("no", "yes")),
        Request("a longer text", required=("word",)),
        Request("nothing"),
        Request("ü", "é"),
    ]
    told = []
    found = list(guided.generate(requests, told.append))
    assert found[0].text.startswith("Ja") and "no" in found[0].text and "yes" in found[0].text
    assert "word" in found[1].text and found[3].text.startswith("é")
    assert sum(told) == 4 and len(told) > 1
    (alone,) = guided.generate(requests[:1])
    assert alone.text == found[0].text and alone.score == pytest.approx(found[0].score, rel=1e-4)


def test_a_search_is_guided_with_its_own_options():
    banned = Banned(((7,),))
    guided = BeamSearch(7, 0.3, best=2, constraints=(banned,)).guided()
    assert guided == ConstrainedBeamSearch(7, 0.3, best=2, constraints=(banned, Prefix()))
    marked = (Prefix((9,)), banned)
    assert GreedySearch(constraints=marked).guided() == ConstrainedBeamSearch(constraints=marked)
    required = ConstrainedBeamSearch(required=((5,),))
    assert required.guided().required == ((5,),)
