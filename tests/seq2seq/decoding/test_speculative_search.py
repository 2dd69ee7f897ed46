import numpy as np
import pytest
from keras import ops

from pipelines.special_tokens import END
from seq2seq.decoding.constraints.minimum_length import MinimumLength
from seq2seq.decoding.constraints.no_repeat_ngram import NoRepeatNgram
from seq2seq.decoding.constraints.prefix import Prefix
from seq2seq.decoding.greedy_search import GreedySearch
from seq2seq.decoding.search import Steps
from seq2seq.decoding.speculative_search import SpeculativeSearch

MODELS = 200
LIMITS = np.arange(MODELS) % 9 + 1


class DraftedSteps(Steps):
    """A model of which another, with a state of its own, guesses what it says."""

    def __init__(self, model, draft, sentences):
        super().__init__(model.step, {"model": model.begin(sentences)})
        self.draft = Steps(draft.step, draft.begin(sentences))
        self.guesses = 0
        self.reads = 0

    def begin(self, hypotheses):
        return super().begin(hypotheses) | {"draft": self.draft.begin(hypotheses)}

    def __call__(self, token, position, state):
        logits, own = self._step(token, position, state["model"])
        _, draft = self.draft(token, position, state["draft"])
        return logits, {"model": own, "draft": draft}

    def guess(self, token, position, state):
        self.guesses += 1
        logits, draft = self.draft(token, position, state["draft"])
        return logits, state | {"draft": draft}

    def read(self, tokens, position, state):
        self.reads += 1
        return super().read(tokens, position, state)


def drafting(prefix_model, noise, seed=6):
    """Makes a model, and a draft that is the same but for noise."""
    model, draft = (prefix_model(vocabulary=9, seed=seed) for _ in range(2))
    draft.logits += np.random.default_rng(1).normal(scale=noise, size=draft.logits.shape)
    return model, draft


@pytest.mark.parametrize("noise, ahead", [(0.0, 5), (1.0, 1), (1.0, 3), (9.0, 2)])
def test_200_random_models_say_what_greedy_search_says_whatever_their_draft(
    prefix_model, noise, ahead
):
    model, draft = drafting(prefix_model, noise)
    wanted = GreedySearch()(Steps(model.step, model.begin(MODELS)), MODELS, LIMITS)
    steps = DraftedSteps(model, draft, MODELS)
    found = SpeculativeSearch(ahead)(steps, MODELS, LIMITS)
    np.testing.assert_array_equal(found.ids, wanted.ids)
    np.testing.assert_allclose(found.scores, wanted.scores, atol=1e-5)


def test_a_draft_that_is_right_saves_steps_and_one_that_is_wrong_does_not(prefix_model):
    reads = []
    for sign in (1, -1):
        model, draft = drafting(prefix_model, noise=0.0)
        model.logits[:, END] -= 100
        draft.logits = sign * model.logits
        steps = DraftedSteps(model, draft, 1)
        SpeculativeSearch(4)(steps, 1, 20)
        reads.append(steps.reads)
        assert steps.guesses == 4 * steps.reads
    assert reads == [4, 20]


@pytest.mark.parametrize(
    "constraints",
    [
        (MinimumLength(5),),
        (NoRepeatNgram(1),),
        (NoRepeatNgram(2), Prefix((5, 4, 3))),
    ],
    ids=str,
)
def test_constraints_count_for_each_id_that_is_said(prefix_model, constraints):
    """With no id twice, some run out of ids before their limit."""
    model, draft = drafting(prefix_model, 1.0)
    wanted = GreedySearch(constraints=constraints)(
        Steps(model.step, model.begin(MODELS)), MODELS, LIMITS
    )
    found = SpeculativeSearch(3, constraints=constraints)(
        DraftedSteps(model, draft, MODELS), MODELS, LIMITS
    )
    np.testing.assert_array_equal(found.ids, wanted.ids)
    np.testing.assert_allclose(found.scores, wanted.scores, atol=1e-5)


def test_what_is_not_guessed_ahead_is_refused():
    with pytest.raises(ValueError, match="ahead = 0: choose 1 or more"):
        SpeculativeSearch(0)


def test_a_search_with_a_draft_is_speculative_under_the_same_constraints():
    constraints = (MinimumLength(3),)
    assert GreedySearch(constraints=constraints).drafted() == SpeculativeSearch(
        constraints=constraints
    )
    chosen = SpeculativeSearch(7)
    assert chosen.drafted() is chosen


def test_rows_go_back_to_states_of_their_own(prefix_model):
    steps = Steps(lambda token, position, state: (token, state + token), ops.zeros((3,), "int32"))
    tokens = ops.convert_to_tensor([[1, 10, 100]] * 3)
    _, states = steps.read(tokens, ops.zeros((3,), "int32"), steps.begin(1))
    np.testing.assert_array_equal(
        steps.rewind(states, ops.convert_to_tensor([3, 1, 2])), [111, 1, 11]
    )
