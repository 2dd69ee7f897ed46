import json
import types

import pytest
import tensorflow as tf
from keras import ops

from pipelines.special_tokens import END
from pipelines.tokenizers.bytes import Bytes
from seq2seq import cli
from seq2seq.benchmark.generation import benchmark_generation
from seq2seq.benchmark.generation_speed import PARTS, _spread
from seq2seq.decoding.greedy_search import GreedySearch
from seq2seq.generator import Generator

TEXTS = ["live", "a", "", "no lemon"]


class Copier:
    """Writes what it reads: state and memory are of a row a sentence."""

    weights = [tf.zeros([2, 3]), tf.zeros([4])]

    def encode(self, source):
        return {"source": source}

    def begin(self, memory, hypotheses=1, room=0):
        return {"written": ops.zeros_like(memory["source"][:, 0])}

    def step(self, token, position, state, memory):
        place = ops.minimum(state["written"], ops.shape(memory["source"])[1] - 1)
        wanted = ops.take_along_axis(memory["source"], place[:, None], axis=1)[:, 0]
        logits = 9.0 * ops.one_hot(ops.maximum(wanted, END), 260)
        return logits, {"written": state["written"] + 1}

    def follow(self, state, parent):
        return state

    def pack(self, state, sentences, hypotheses, room):
        return {"written": ops.take(state["written"], sentences)}


def make_generator(tokenizers=(Bytes(), Bytes()), model=Copier()):
    return Generator(tokenizers, model, GreedySearch())


@pytest.fixture(scope="module")
def run():
    recipe = types.SimpleNamespace(
        generator=make_generator,
        sections={"search": {"kind": "greedy_search"}},
        generator_precision=lambda: "float32",
    )
    generator = lambda *chosen, draft: make_generator()
    return types.SimpleNamespace(folder="runs/a", recipe=recipe, generator=generator)


@pytest.fixture(scope="module")
def result(run):
    return benchmark_generation(run, make_generator(), iter(TEXTS), repeats=3, single=2)


def test_what_is_generated_is_counted(result):
    # Bytes of the texts; END counts on neither side.
    assert result["texts"] == 4 and result["tokens"] == {"source": 13, "target": 13}
    seconds = result["seconds"]
    assert 0 < seconds["least"] <= seconds["median"] <= seconds["most"]
    assert result["sentences_a_second"] == pytest.approx(4 / seconds["median"])
    for side in ("source", "target"):
        assert result[f"{side}_tokens_a_second"] == pytest.approx(13 / seconds["median"])
    assert result["parameters"] == 10
    assert result["peak_memory_bytes"]["process"] > 1e6


def test_answers_to_single_texts_are_timed(result):
    latency = result["latency_seconds"]
    assert latency["texts"] == 2
    assert 0 < latency["p50"] <= latency["p95"] <= latency["p99"] <= latency["most"]


@pytest.mark.parametrize("kind, steps", [("batched", 9), ("single", 5 + 1)])
def test_parts_add_up_to_the_whole_and_the_steps_are_those_that_are_needed(result, kind, steps):
    """The longest text takes a step a byte and one for END; alone, "live" takes 5 and "" 1."""
    found = result["parts"][kind]
    seconds = dict(found["seconds"])
    whole = seconds.pop("whole")
    assert sum(seconds.values()) == pytest.approx(whole)
    assert seconds.keys() == {*PARTS, "rest"}
    # None is counted twice: then the rest would be less than nothing.
    assert all(spent >= 0 for spent in seconds.values()) and seconds["steps"] > 0
    assert found["steps"] == steps


def test_the_table_and_the_file_tell_the_same(run, result, monkeypatch, capsys, tmp_path):
    given = []
    measure = lambda *arguments: given.append((*arguments[3:], *arguments[2])) or result
    monkeypatch.setattr("seq2seq.benchmark.generation.benchmark_generation", measure)
    monkeypatch.setattr("seq2seq.run.Run", lambda *arguments: given.append(arguments) or run)
    source, file = tmp_path / "source.txt", tmp_path / "told.json"
    source.write_text("one\ntwo\n")
    arguments = ["benchmark", "generate", "runs/a", "--input", str(source), "--repeats", "3"]
    cli.main([*arguments, "--json", str(file), "--set", "search.width=2"])
    said = capsys.readouterr().out
    assert json.loads(file.read_text()) == result
    assert f"{result['sentences_a_second']:,.1f}" in said and "p99" in said
    assert given[0][1] == ["search.width=2"] and given[1] == (3, 100, "one", "two")
    cli.main([*arguments, "--json", "-"])
    assert json.loads(capsys.readouterr().out) == result


def test_texts_to_be_timed_alone_are_spread_over_all():
    assert _spread("abcdef", 3) == ["a", "c", "e"]
    assert _spread("ab", 5) == ["a", "b"]


@pytest.mark.parametrize(
    "texts, options, said",
    [
        ([], {}, "no texts"),
        (["a"], {"repeats": 0}, "repeats = 0"),
        (["a"], {"single": 0}, "single"),
    ],
)
def test_what_cannot_be_measured_is_refused(run, texts, options, said):
    with pytest.raises(ValueError, match=said):
        benchmark_generation(run, make_generator(), texts, **options)
