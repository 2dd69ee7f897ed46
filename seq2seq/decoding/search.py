"""The contract of a search: from a model's steps to the best hypotheses."""

import abc
import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import keras
from keras import ops

from seq2seq.decoding.constraints.constraint import Constraint, Reader
from seq2seq.layers.rows import choose_rows, repeat_rows, rows_of, take_rows

if TYPE_CHECKING:
    from seq2seq.decoding.parts.walk import WalkingSearch
    from seq2seq.decoding.sampling import Sampling

# Steps until finished sentences are left behind, of one hypothesis a sentence and of several, of
# which each reads, or passes over, what all of them have said in a round.
ROUND_OF_ONE, ROUND = 16, 8
# A round ends before that, where this share of its sentences is done.
ENOUGH_OF_ONE, ENOUGH = 0.5, 0.2


class Hypotheses(NamedTuple):
    """What a search found, best first.

    ids: int32 [B, K, T], PAD after END. A hypothesis cut by `max_length` has no END.
    scores: float32 [B, K], the log-probability of the ids, after the search's own penalties.
    """

    ids: Any
    scores: Any


class Steps:
    """A model's steps from a state, nested tensors [B, ...], of which each row has its own.

    Args:
        step: token [R], position (a scalar, or [R]), state -> logits [R, V], the next state.
        state: what the first step begins with.
    """

    def __init__(self, step: Callable[[Any, Any, Any], tuple[Any, Any]], state):
        self._step = step
        self._state = state

    def begin(self, hypotheses: int):
        """Makes the first state, for K hypotheses a sentence side by side."""
        return repeat_rows(self._state, hypotheses)

    def __call__(self, token, position, state):
        """Predicts what follows token [R]: logits [R, V] and the next state."""
        return self._step(token, position, state)

    def look(self, token, position, state):
        """Predicts as a call does, and shows by what: logits, shown, the next state.

        Shown are "attention" [R, S], the shares of the source's ids, and "vectors" [R, M], which
        the logits are products of.

        Raises:
            ValueError: these steps show nothing.
        """
        raise ValueError(f"{type(self).__name__} do not show what logits come of")

    def guess(self, token, position, state):
        """Predicts as a call does, at less cost: what follows may be something else.

        It reads ahead of where `read` then begins, and may know nothing of what calls have read.
        """
        return self(token, position, state)

    def read(self, tokens, position, state):
        """Predicts what follows each of N tokens, of one hypothesis a sentence.

        Args:
            tokens: [R, N].
            position: of the first, [R].

        Returns:
            logits [R, N, V], and the states after each token, for `rewind`.
        """
        logits, states = [], []
        for place in range(tokens.shape[1]):
            said, state = self(tokens[:, place], position + place, state)
            logits.append(said)
            states.append(state)
        return ops.stack(logits, axis=1), states

    def rewind(self, states: list, count):
        """Goes back to the states after the first `count` tokens read, int [R] from 1 to N."""
        return choose_rows(states, count - 1)

    def follow(self, state, parent):
        """Lets hypotheses go on from others of their sentences: parent int [R]."""
        return take_rows(state, parent)

    def pack(self, state, sentences, hypotheses: int, room: int):
        """Keeps some sentences, int [N], with room for so many more steps."""
        return take_rows(state, rows_of(sentences, hypotheses))


@dataclasses.dataclass(frozen=True)
class Search(abc.ABC):
    """Finds likely targets. Subclasses are frozen dataclasses: the fields are the configuration.

    Args:
        constraints: change what may be said, in their order.
    """

    constraints: tuple[Constraint, ...] = dataclasses.field(default=(), kw_only=True)

    def read(self, source: Reader, target: Reader) -> Self:
        """Returns the search with its texts as ids, by readers of the two sides."""
        read = tuple(constraint.read(source, target) for constraint in self.constraints)
        return dataclasses.replace(self, constraints=read)

    def several(self, count: int) -> Self:
        """Returns the search that gives `count` targets a sentence.

        Raises:
            ValueError: it has no option for that, or finds fewer.
        """
        names = {field.name for field in dataclasses.fields(self)}
        option = next((name for name in ("best", "samples") if name in names), None)
        if option is None and count == 1:
            return self
        if option is None:
            raise ValueError(
                f"{type(self).__name__} finds one target a sentence, not {count}: choose another "
                "search, such as beam_search or sampling"
            )
        changed: dict[str, Any] = {option: count}
        return dataclasses.replace(self, **changed)

    @property
    def kept(self) -> int:
        """How many targets a sentence it can give at no more cost."""
        return 1

    def streaming(self) -> "WalkingSearch":
        """Returns the search whose tokens are told as they come: greedy, of the same constraints.

        A beam takes back what it has said; searches that never do return themselves.
        """
        from seq2seq.decoding.greedy_search import GreedySearch

        return GreedySearch(constraints=self.constraints)

    def drafted(self) -> "Search":
        """Returns the search that a draft model makes faster: greedy, of the same constraints."""
        from seq2seq.decoding.speculative_search import SpeculativeSearch

        return SpeculativeSearch(constraints=self.constraints)

    def sampling(self) -> "Sampling":
        """Returns the search that draws a target, as is given of each sentence.

        It has the same constraints.
        """
        from seq2seq.decoding.sampling import Sampling

        return Sampling(constraints=self.constraints)

    def guided(self) -> "Search":
        """Returns the beam search that keeps to "prefix" and "required" of each sentence.

        It has what options of this one it knows, and the same constraints.
        """
        from seq2seq.decoding.constrained_beam_search import ConstrainedBeamSearch
        from seq2seq.decoding.constraints.prefix import Prefix

        known = {field.name for field in dataclasses.fields(ConstrainedBeamSearch)}
        own = {field.name for field in dataclasses.fields(self)}
        kept = {name: getattr(self, name) for name in own & known}
        if not any(isinstance(constraint, Prefix) for constraint in self.constraints):
            # Last, so that it may say what others forbid.
            kept["constraints"] = (*self.constraints, Prefix())
        return ConstrainedBeamSearch(**kept)

    @abc.abstractmethod
    def __call__(
        self, steps: Steps, sentences, max_length, given: Mapping[str, Any] = {}
    ) -> Hypotheses:
        """Searches from START until END or `max_length`.

        Args:
            steps: of the model, bound to what it has read.
            sentences: B, a scalar.
            max_length: the most ids a hypothesis may have, END included: a scalar, or one a
                sentence [B].
            given: what else is known of the sentences: "source" int32 [B, S], what was read,
                PAD at its end; "prefix" int32 [B, P], what the target begins with, PAD too;
                "required" int32 [B, C, L], phrases that it says, PAD too; what `Sampling` may
                be asked for.
        """


class Live(NamedTuple):
    """A search under way: `carried`, its own nested tensors [N, ...], and the model's state."""

    carried: Any
    state: Any


def search_in_rounds(
    steps: Steps,
    live: Live,
    advance: Callable[[Any, Live], Live],
    outcome: Callable[[Any], tuple[Any, Hypotheses]],
    hypotheses: int,
    pace: int = 1,
) -> Hypotheses:
    """Advances all sentences until each is done, in rounds; those done leave between two.

    Args:
        live: of B sentences.
        advance: one step: position, live -> live.
        outcome: carried -> (bool [N], True = nothing can change any more; what was found).
        hypotheses: K, the rows a sentence has in the model's state.
        pace: the most ids that a step reads of a hypothesis.
    """
    done, found = outcome(live.carried)
    of_one = hypotheses == 1
    steps_of_round = ROUND_OF_ONE if of_one else ROUND
    enough = ENOUGH_OF_ONE if of_one else ENOUGH
    # Found by their value, so that the number of sentences may change from round to round.
    places = _where(ops.logical_not(done))

    def round_(position, places, live, results):
        kept = _where(ops.logical_not(outcome(live.carried)[0]))
        places = ops.take(places, kept, axis=0)
        state = steps.pack(live.state, kept, hypotheses, steps_of_round * pace)
        live = Live(take_rows(live.carried, kept), state)
        last = position + steps_of_round
        unfinished = lambda position, live: ops.logical_and(
            position < last, _worth_going_on(outcome(live.carried)[0], enough)
        )
        step = lambda position, live: (position + 1, advance(position, live))
        position, live = ops.while_loop(unfinished, step, (position, live))
        return position, places, live, _put(results, places, outcome(live.carried)[1])

    live = Live(take_rows(live.carried, places), steps.pack(live.state, places, hypotheses, 0))
    begin = (ops.convert_to_tensor(0, "int32"), places, live, found)
    alive = lambda position, places, live, results: ops.logical_not(
        ops.all(outcome(live.carried)[0])
    )
    return ops.while_loop(alive, round_, begin)[3]


def _where(chosen):
    """Names the places that are True: bool [N] -> int32 [M]."""
    return ops.cast(ops.nonzero(chosen)[0], "int32")


def _worth_going_on(done, enough: float):
    """Says whether fewer sentences of a round are done than this share; of none, they are."""
    return ops.mean(ops.cast(done, "float32")) < enough


def _put(results: Hypotheses, places, found: Hypotheses) -> Hypotheses:
    put = lambda all_, some: ops.scatter_update(all_, places[:, None], some)
    return Hypotheses(*keras.tree.map_structure(put, tuple(results), tuple(found)))


def put(ids, position, token):
    """Writes token [...] at a position of ids [..., T]; with core ops only."""
    here = ops.equal(ops.arange(ops.shape(ids)[-1]), position)
    return ops.where(here, token[..., None], ids)


def limits(max_length, sentences):
    """Gives each sentence its limit: a scalar or [B] -> int32 [B]."""
    return ops.broadcast_to(ops.cast(max_length, "int32"), (sentences,))
