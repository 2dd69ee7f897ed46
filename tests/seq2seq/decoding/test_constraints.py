"""What constraints promise, over every file of seq2seq/decoding/constraints."""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from pipelines import plugins
from pipelines.special_tokens import END, PAD, START
from seq2seq.decoding.beam_search import BeamSearch
from seq2seq.decoding.constraints.constraint import NEVER, Constraint, Said
from seq2seq.decoding.constraints.repetition_penalty import RepetitionPenalty
from seq2seq.decoding.greedy_search import GreedySearch
from seq2seq.decoding.search import Steps

FOLDER = "seq2seq.decoding.constraints"
CASES = 30
LIMIT = 4
# Of 3 words, there are 121 targets of at most 4 ids: a beam of 128 can hold them all.
EVERYTHING = 128


class Case(NamedTuple):
    """A constraint, what it is given of each sentence, and which targets it allows of one."""

    constraint: dict
    allows: Callable[[tuple, int], bool]
    given: dict[str, Any] = {}


def runs(ids, size):
    return [ids[place : place + size] for place in range(len(ids) - size + 1)]


PREFIXES = np.array([[4, 0], [0, 0], [3, 5], [3, 3]] * CASES, "int32")[:CASES]
LENGTHS = np.array([1, 2, 4] * CASES, "int32")[:CASES]
ALLOWED = [(5, 4), (3, 4, 5), (3,), ()]
SOURCES = np.where(np.arange(5) < LENGTHS[:, None], 7, PAD).astype("int32")
PHRASES = [(3,), (5, 4), (4, 4, END)]
CONSTRAINTS = {
    "banned": Case(
        {"kind": "banned", "phrases": PHRASES},
        lambda ids, first: not any(run in PHRASES for size in (1, 2, 3) for run in runs(ids, size)),
    ),
    "minimum_length": Case(
        {"kind": "minimum_length", "ids": 2, "ratio": 0.75},
        lambda ids, first: ids[-1] != END or len(ids) >= max(2, 0.75 * LENGTHS[first]),
        {"source": SOURCES},
    ),
    "no_repeat_ngram": Case(
        {"kind": "no_repeat_ngram", "size": 2},
        lambda ids, first: len(set(runs(ids, 2))) == len(runs(ids, 2)),
    ),
    "no id twice": Case(
        {"kind": "no_repeat_ngram", "size": 1}, lambda ids, first: len(set(ids)) == len(ids)
    ),
    "prefix": Case(
        {"kind": "prefix"},
        lambda ids, first: ids[: np.count_nonzero(PREFIXES[first])]
        == tuple(token for token in PREFIXES[first] if token),
        {"prefix": PREFIXES},
    ),
    "prefix of all": Case({"kind": "prefix", "text": [5, 3]}, lambda ids, first: ids[:2] == (5, 3)),
    "shortlist": Case(
        {"kind": "shortlist", "lexicon": [[7, [3]], [8, [5, 4]]], "frequent": 3},
        lambda ids, first: set(ids) <= {END, *ALLOWED[first % 4]},
        {"source": np.array([[8, 0], [7, 8], [7, 9], [99, 0]] * CASES, "int32")[:CASES]},
    ),
    "repetition_penalty": Case(
        {"kind": "repetition_penalty", "factor": 1.0}, lambda ids, first: True
    ),
}
named = pytest.mark.parametrize("name", CONSTRAINTS)


def build(section) -> Constraint:
    return plugins.build(FOLDER, Constraint, section)


def run(search, model, given, first=0, sentences=CASES):
    return search(Steps(model.step, model.begin(sentences, first)), sentences, LIMIT, given)


def test_every_constraint_is_tested():
    kinds = {kind for kind in plugins.kinds(FOLDER) if kind != "constraint"}
    assert kinds == {case.constraint["kind"] for case in CONSTRAINTS.values()}


@named
def test_a_constraint_is_its_configuration_and_nothing_else(name):
    constraint = build(CONSTRAINTS[name].constraint)
    assert constraint == type(constraint)(**dataclasses.asdict(constraint))
    with pytest.raises(dataclasses.FrozenInstanceError):
        constraint.ids = 7


@named
def test_a_beam_that_holds_everything_finds_the_best_of_what_is_allowed(
    name, prefix_model, written
):
    case, model = CONSTRAINTS[name], prefix_model(seed=1)
    search = BeamSearch(EVERYTHING, 0.0, best=3, constraints=(build(case.constraint),))
    found = run(search, model, case.given)
    for first in range(CASES):
        ranking = model.ranking(first, LIMIT, 0.0)
        best = [each for each in ranking if case.allows(each[1], first)][:3]
        for place, (score, ids) in enumerate(best):
            assert written(found.ids[first, place]) == ids
            assert float(found.scores[first, place]) == pytest.approx(score, abs=1e-5)
        assert (found.scores[first, len(best) :] == NEVER).numpy().all()


@named
def test_greedy_search_takes_the_likeliest_allowed_at_each_place(name, prefix_model, written):
    case, model = CONSTRAINTS[name], prefix_model(seed=2)
    found = run(GreedySearch(constraints=(build(case.constraint),)), model, case.given)
    for first in range(CASES):
        ids, score = written(found.ids[first, 0]), float(found.scores[first, 0])
        assert score == pytest.approx(model.log_probability(ids, first), abs=1e-5)
        targets = [each for each in model.all_targets(LIMIT) if case.allows(each, first)]
        for place, token in enumerate(ids):
            others = {
                each[place] for each in targets if each[:place] == ids[:place] and len(each) > place
            }
            assert token in others
            gains = [model.log_probability((*ids[:place], other), first) for other in others]
            assert model.log_probability(ids[: place + 1], first) == max(gains)


@named
def test_a_sentence_does_not_depend_on_the_others(name, prefix_model):
    case, model = CONSTRAINTS[name], prefix_model(seed=3)
    for search in (
        GreedySearch,
        lambda constraints: BeamSearch(3, best=3, constraints=constraints),
    ):
        search = search(constraints=(build(case.constraint),))
        together = run(search, model, case.given)
        for first in (2, 18):
            given = {key: value[first : first + 1] for key, value in case.given.items()}
            alone = run(search, model, given, first, 1)
            np.testing.assert_array_equal(together.ids[first], alone.ids[0])
            np.testing.assert_allclose(together.scores[first], alone.scores[0], rtol=1e-6)


def test_all_constraints_at_once_in_a_graph_of_core_operations(prefix_model):
    """What comes out is allowed by each, save what the prefix, which is last, says."""
    cases = [
        CONSTRAINTS[name] for name in ("banned", "minimum_length", "no_repeat_ngram", "prefix")
    ]
    search = BeamSearch(3, best=3, constraints=tuple(build(case.constraint) for case in cases))
    model = prefix_model(seed=4)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.int32),
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([None, None], tf.int32),
        ]
    )
    def graph(first, prefix, source):
        given = {"prefix": prefix, "source": source}
        return search(Steps(model.step, {"hash": first}), tf.shape(first)[0], LIMIT, given)

    inside = graph(tf.range(CASES), PREFIXES, SOURCES)
    outside = run(search, model, {"prefix": PREFIXES, "source": SOURCES})
    np.testing.assert_array_equal(inside.ids, outside.ids)
    np.testing.assert_allclose(inside.scores, outside.scores, rtol=1e-6)
    definition = graph.get_concrete_function().graph.as_graph_def()
    bodies = [definition.node, *(body.node_def for body in definition.library.function)]
    operations = {node.op for nodes in bodies for node in nodes}
    assert not [each for each in operations if "Xla" in each or "PyFunc" in each]


def test_a_prefix_that_is_last_may_say_what_is_forbidden(prefix_model, written):
    model, banned = prefix_model(), build({"kind": "banned", "phrases": [[3]]})
    given = {"prefix": np.array([[3, 3]] * CASES)}
    for search in (GreedySearch, BeamSearch):
        found = run(search(constraints=(banned, build({"kind": "prefix"}))), model, given)
        for ids in found.ids[:, 0]:
            assert written(ids)[:2] == (3, 3) and 3 not in written(ids)[2:]


def test_where_nothing_is_allowed_nothing_is_returned(prefix_model):
    banned = build({"kind": "banned", "phrases": [[END], [3], [4], [5]]})
    for search in (GreedySearch, BeamSearch):
        found = run(search(constraints=(banned,)), prefix_model(), {})
        assert not np.any(found.ids) and np.all(found.scores == NEVER)


def test_an_unlikely_prefix_has_the_score_of_its_ids(prefix_model, written):
    """Exponents of what is likelier by more than float32 can say must not be taken."""
    model = prefix_model(seed=5)
    model.logits[:, 3] -= 200
    given = {"prefix": np.array([[3, 3]] * CASES)}
    for search in (GreedySearch(), BeamSearch(2, 0.0)):
        found = run(
            dataclasses.replace(search, constraints=(build({"kind": "prefix"}),)), model, given
        )
        for first, (ids, score) in enumerate(zip(found.ids[:, 0], found.scores[:, 0])):
            assert written(ids)[:2] == (3, 3)
            assert float(score) == pytest.approx(
                model.log_probability(written(ids), first), rel=1e-6
            )


def test_a_repeated_ids_log_probability_is_multiplied():
    """Of [R, V] = [1, 5]: ids 3 and 4 have 0.5 and 0.25, and 3 was said twice. Worked by hand."""
    logits = ops.convert_to_tensor(np.log([[0.1, 0.05, 0.1, 0.5, 0.25]]) + 7, "float32")
    said = Said(2, ops.convert_to_tensor([[3, 3, PAD]]), logits)
    found = np.asarray(RepetitionPenalty(2.0)(logits, said, {}))[0]
    np.testing.assert_allclose(np.exp(found[START:] - 7), [0.05, 0.1, 0.25, 0.25], rtol=1e-4)


def test_the_scores_of_penalised_repetitions_hold_the_penalty(prefix_model, written):
    model = prefix_model(seed=6)
    for search in (GreedySearch, lambda **options: BeamSearch(3, 0.0, **options)):
        found = run(search(constraints=(RepetitionPenalty(1.5),)), model, {})
        for first, (ids, score) in enumerate(zip(found.ids[:, 0], found.scores[:, 0])):
            ids, wanted = written(ids), 0.0
            for place, token in enumerate(ids):
                gain = model.log_probability(ids[: place + 1], first)
                gain -= model.log_probability(ids[:place], first)
                wanted += gain * (1.5 if token in ids[:place] else 1.0)
            assert float(score) == pytest.approx(wanted, abs=1e-5)


def test_texts_are_read_as_ids_by_the_targets_reader():
    search = GreedySearch(
        constraints=(
            build({"kind": "banned", "phrases": ["ab", [7]]}),
            build({"kind": "prefix", "text": "c"}),
        )
    )
    read = search.read(None, lambda texts: [list(map(ord, text)) for text in texts])
    assert read.constraints[0].phrases == ((97, 98), (7,))
    assert read.constraints[1].text == (99,)


def test_texts_that_nobody_has_read_are_refused(prefix_model):
    for section in ({"kind": "banned", "phrases": ["ab"]}, {"kind": "prefix", "text": "ab"}):
        with pytest.raises(ValueError, match="'ab' is no ids yet"):
            run(GreedySearch(constraints=(build(section),)), prefix_model(), {})


@pytest.mark.parametrize(
    "section, said",
    [
        ({"kind": "banned", "phrases": [""]}, "empty"),
        ({"kind": "banned", "phrases": [[]]}, "empty"),
        ({"kind": "banned"}, "needs phrases"),
        ({"kind": "minimum_length", "ids": -1}, "choose 0"),
        ({"kind": "no_repeat_ngram", "size": 0}, "choose 1"),
        ({"kind": "repetition_penalty", "factor": 0.5}, "choose 1"),
        ({"kind": "shortlist", "lexicon": "x", "frequent": 2}, "choose more than 2"),
        ({"kind": "bannd"}, "did you mean 'banned'"),
    ],
)
def test_impossible_settings_are_refused(section, said):
    with pytest.raises(ValueError, match=said):
        build(section)


def test_what_was_not_given_is_named(prefix_model):
    search = GreedySearch(constraints=(build({"kind": "minimum_length", "ratio": 0.5}),))
    with pytest.raises(ValueError, match="'source' of each sentence"):
        run(search, prefix_model(), {})


def test_a_phrase_without_ids_is_refused():
    with pytest.raises(ValueError, match="'x' has no ids"):
        build({"kind": "banned", "phrases": ["x"]}).read(None, lambda texts: [[]])


def test_a_lexicon_is_read_as_ids_of_both_sides(tmp_path):
    path = tmp_path / "lexicon.tsv"
    path.write_text("ab\tx\nb\tyz\n", encoding="utf-8")
    letters = lambda texts: [list(map(ord, text)) for text in texts]
    shortlist = build({"kind": "shortlist", "lexicon": str(path)})
    with pytest.raises(ValueError, match="no ids yet"):
        shortlist.begin({"source": np.ones([1, 1])}, 1)
    assert shortlist.read(letters, letters).lexicon == ((97, (120,)), (98, (120, 121, 122)))
    path.write_text("ab\tx\nb\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 2: wanted `source TAB target`, got 'b'"):
        shortlist.read(letters, letters)
    with pytest.raises(ValueError, match="cannot read the lexicon"):
        build({"kind": "shortlist", "lexicon": "nowhere.tsv"}).read(letters, letters)
