"""How versions are written, checked and published; what they hold is proved beside."""

import json
import re
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from seq2seq.export import HOSTILE, LONG_LINE, check, export
from seq2seq.export_check import ALONE, check_alone, check_answers, differences
from seq2seq.serving_samples import Sample, plain, read_samples, write_samples

SAMPLES = ["the cat sat", "a dog"]
PASSED: dict = {"passed": True, "checks": []}


@pytest.fixture
def written(monkeypatch):
    """Spares the model: a version is a file, and its check what the returned list holds."""
    reports = [PASSED]

    def write(generator, folder, batches, signatures, about):
        (folder / "saved_model.pb").write_text(json.dumps([generator, list(signatures)]))
        generator == "broken" and 1 / 0

    module = type(sys)("seq2seq.serving_package")
    vars(module)["write_package"] = write
    monkeypatch.setitem(sys.modules, "seq2seq.serving_package", module)
    monkeypatch.setattr(sys.modules["seq2seq.export"], "check", lambda folder: reports[-1])
    return reports


def entries(folder):
    return sorted(entry.name for entry in Path(folder).iterdir())


def test_the_first_version_is_1_and_the_next_follows_the_highest(written, tmp_path):
    folder = tmp_path / "new" / "model"
    assert export("one", folder, SAMPLES) == folder / "1"
    (folder / "007").mkdir()
    (folder / "notes").mkdir()
    assert export("one", folder, [], ["nbest"]) == folder / "8"
    assert entries(folder) == ["007", "1", "8", "notes"]
    assert json.loads((folder / "8" / "saved_model.pb").read_text()) == ["one", ["nbest"]]


def test_a_version_may_be_named_and_is_never_written_over(written, tmp_path):
    assert export("one", tmp_path, SAMPLES, version=5) == tmp_path / "5"
    before = (tmp_path / "5" / "saved_model.pb").read_bytes()
    with pytest.raises(ValueError, match="5 is there already"):
        export("two", tmp_path, SAMPLES, version=5)
    assert entries(tmp_path) == ["5"]
    assert (tmp_path / "5" / "saved_model.pb").read_bytes() == before
    assert export("three", tmp_path, SAMPLES, version=2) == tmp_path / "2"


def test_exports_at_once_take_different_versions(written, tmp_path, monkeypatch):
    all_checked = threading.Barrier(4)
    slow = lambda folder: (all_checked.wait(60), PASSED)[1]
    monkeypatch.setattr(sys.modules["seq2seq.export"], "check", slow)
    threads = [threading.Thread(target=export, args=("one", tmp_path, [])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert entries(tmp_path) == ["1", "2", "3", "4"]


def test_of_two_exports_at_once_one_has_the_number_that_both_ask_for(
    written, tmp_path, monkeypatch
):
    def late(folder):
        (tmp_path / "3").mkdir(exist_ok=True)
        (tmp_path / "3" / "saved_model.pb").write_text("theirs")
        return PASSED

    monkeypatch.setattr(sys.modules["seq2seq.export"], "check", late)
    with pytest.raises(ValueError, match="3 is there already"):
        export("one", tmp_path, [], version=3)
    assert entries(tmp_path) == ["3"]
    assert (tmp_path / "3" / "saved_model.pb").read_text() == "theirs"


def test_what_fails_its_check_is_not_published_and_says_why(written, tmp_path):
    problems = [f"problem {number}" for number in range(9)]
    written.append({"passed": False, "checks": [{"problems": []}, {"problems": problems}]})
    with pytest.raises(ValueError, match="not exported: problem 0; problem 1") as caught:
        export("one", tmp_path, SAMPLES)
    assert "problem 5" not in str(caught.value)
    with pytest.raises(ZeroDivisionError):
        export("broken", tmp_path, SAMPLES)
    assert entries(tmp_path) == []


def test_the_texts_that_are_tried_hold_what_a_server_is_sent_by_mistake(written, tmp_path):
    tried = []
    keep = lambda generator, folder, batches, *_: tried.extend(batches)
    sys.modules["seq2seq.serving_package"].write_package = keep
    export("one", tmp_path, [f"text {number}" for number in range(20)])
    assert [len(batch) for batch in tried] == [16, len(HOSTILE), 1, 0, 4]
    assert len(tried[2][0]) == LONG_LINE


def test_a_folder_without_a_version_is_no_export(tmp_path):
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ValueError, match="holds no exported model"):
            check(folder)


def test_the_highest_version_is_checked_in_a_process_that_can_fail(tmp_path):
    for number in ("9", "10"):
        (tmp_path / number).mkdir()
        (tmp_path / number / "saved_model.pb").write_bytes(b"\x12\x05damaged")
    with pytest.raises(ValueError, match="10: a fresh process cannot run the model: "):
        check(tmp_path)


def texts(*values):
    array = np.empty(len(values), object)
    array[:] = [value if isinstance(value, bytes) else value.encode() for value in values]
    return array


def answers(**changed):
    usual = {
        "text": texts("ab", "c"),
        "score": np.array([-1.0, -2.0], "float32"),
        "pieces": np.array([[b"a", b"b"], [b"c", b""]], object),
        "numbers": np.array([[0.5, 0.25], [1.0, 0.0]], "float32"),
    }
    return usual | changed


INPUTS = {"text": texts("one", "two")}


@pytest.mark.parametrize(
    "changed, words",
    [
        ({"text": texts("ab", "d")}, "text for 'one', 'two' is 'd', wanted 'c'"),
        ({"score": np.array([-1.0, -2.001], "float32")}, "score .* wanted -2.0"),
        ({"score": np.array([-1.0, np.nan], "float32")}, "score .* is nan"),
        ({"score": np.float32(-1.0)}, r"score .* has the shape \(\), wanted \(2,\)"),
        ({"more": texts("a", "b")}, "the output more is answered in one place only"),
    ],
)
def test_a_difference_is_told(changed, words):
    (said,) = differences(INPUTS, answers(**changed), answers())
    assert re.search(words, said), said


def test_what_both_answer_wrongly_is_told_too():
    broken = answers(text=texts("ab", b"\xff"), score=np.array([-1.0, np.inf], "float32"))
    assert [said.split()[0] for said in differences(INPUTS, broken, broken)] == ["score", "text"]


def test_rounding_is_no_difference():
    close = answers(score=np.array([-1.00009, -2.0001], "float32"))
    assert not list(differences(INPUTS, close, answers()))


def model(name, inputs):
    """Answers "one" and "two" as `answers`, alone and together."""
    rows = [[b"one", b"two"].index(text) for text in inputs["text"].tolist()]
    found = {each: array[rows] for each, array in answers().items()}
    if rows == [1]:  # alone, it is one piece long
        found |= {each: found[each][:, :1] for each in ("pieces", "numbers")}
    return found


def test_answers_are_compared_in_batches_and_row_by_row():
    samples = [Sample("detailed", INPUTS, answers())]
    assert not check_answers(model, samples).problems
    assert not check_alone(model, samples).problems
    assert check_alone(model, samples).about.startswith("2 rows")


def test_of_many_rows_the_first_are_asked_alone():
    many = Sample(
        "nbest",
        {"text": texts(*["one", "two"] * 20)},
        model("nbest", {"text": texts(*["one", "two"] * 20)}),
    )
    assert check_alone(model, [many, many]).about.startswith(f"{ALONE} rows")


def test_an_answer_that_depends_on_its_batch_is_found():
    for name, value in (("numbers", 0.5), ("score", -3.0)):
        among = answers()
        among[name] = among[name].copy()
        among[name][1, ...] = value  # also where there is padding
        (problem,) = check_alone(model, [Sample("detailed", INPUTS, among)]).problems
        assert problem.startswith(f"detailed alone: {name}")


ROUNDED = answers(text=texts("ab", "other"), score=np.array([-1.01, -2.05], "float32"))


def test_where_products_have_16_bits_another_text_may_be_as_likely():
    sample = Sample("serving_default", INPUTS, ROUNDED)
    found = check_alone(model, [sample], rounds=True)
    assert not found.problems and "2 of them otherwise" in found.about
    assert check_alone(model, [sample]).problems


@pytest.mark.parametrize("others, passes", [(1, True), (2, False)])
def test_where_products_have_16_bits_a_few_searches_may_go_another_way(others, passes):
    among = model("nbest", {"text": texts(*["two"] * 5)})
    among["text"] = texts(*["else"] * others, *["c"] * (5 - others))
    among["score"] = np.array([-3.0] * others + [-2.0] * (5 - others), "float32")
    for name in ("pieces", "numbers"):
        among[name] = among[name][:, :1]
    sample = Sample("nbest", {"text": texts(*["two"] * 5)}, among)
    found = check_alone(model, [sample], rounds=True)
    assert bool(found.problems) != passes and f"{others} of them otherwise" in found.about
    assert len(check_alone(model, [sample]).problems) == 2 * others


@pytest.mark.parametrize(
    "changed",
    [
        {"score": np.array([-1.0, -2.5], "float32")},
        {"score": np.array([-1.0, np.nan], "float32")},
        {"more": texts("a", "b")},
    ],
)
def test_rounding_to_16_bits_excuses_nothing_else(changed):
    sample = Sample("serving_default", INPUTS, ROUNDED | changed)
    assert check_alone(model, [sample], rounds=True).problems


def test_bytes_that_are_no_text_are_no_tie():
    broken = lambda name, inputs: model(name, inputs) | {"text": texts(b"\xff")}
    sample = Sample("serving_default", INPUTS, ROUNDED)
    assert len(check_alone(broken, [sample], rounds=True).problems) >= 2


def test_vectors_may_be_near_and_what_is_drawn_is_not_compared():
    vectors = lambda by: {"vector": np.array([[0.5, 1.0], [2.0, -1.0]], "float32") * by}
    near = lambda name, inputs: {name: each[:1] for name, each in vectors(1.01).items()}
    first = {"text": texts("one", "one")}
    same = {"vector": np.repeat(vectors(1.0)["vector"][:1], 2, axis=0)}
    assert not check_alone(near, [Sample("encode", first, same)], rounds=True).problems
    assert check_alone(near, [Sample("encode", first, same)]).problems
    seeds = first | {"seed": np.array([1, 2])}
    drawn = Sample("sample", seeds, {"vector": same["vector"] + 9})
    assert not check_alone(near, [drawn], rounds=True).problems


def test_a_model_that_fails_is_a_problem_and_others_are_still_asked():
    def failing(name, inputs):
        if len(inputs["text"]) > 1:
            raise RuntimeError("out of memory\nat some place")
        return model(name, inputs)

    found = check_answers(failing, [Sample("nbest", INPUTS, answers())] * 2)
    assert found.problems == ["nbest fails on 'one', 'two': out of memory"] * 2
    assert not check_alone(failing, [Sample("nbest", INPUTS, answers())]).problems


def test_samples_are_read_as_they_were_written(tmp_path):
    inputs = {"text": texts("é", b"\xff\x00", "")}
    outputs = {
        "score": np.array([0.1, -1e-9, 3e8], "float32"),
        "ids": np.arange(6, dtype="int32").reshape(3, 2),
        "none": np.zeros([3, 0], "int64"),
    }
    write_samples(tmp_path, [Sample("encode", inputs, outputs)])
    (found,) = read_samples(tmp_path)
    assert found.signature == "encode"
    for wanted, read in ((inputs, found.inputs), (outputs, found.outputs)):
        assert {*wanted} == {*read}
        for name, array in wanted.items():
            assert read[name].dtype == array.dtype and read[name].shape == array.shape
            np.testing.assert_array_equal(read[name], array)


def test_samples_that_are_missing_or_damaged_are_told(tmp_path):
    with pytest.raises(ValueError, match="missing: export the model again"):
        read_samples(tmp_path)
    write_samples(tmp_path, [])
    path = next((tmp_path / "assets.extra").iterdir())
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(ValueError, match="cannot be read .*: export the model again"):
        read_samples(tmp_path)


def test_plain_values_are_those_of_the_server():
    assert plain(texts("é", b"\xff")) == ["é", {"b64": "/w=="}]
    assert plain(np.array([[0.1, 2.0]], "float32")) == [[0.1, 2.0]]
    assert plain(np.array([3], "int64")) == [3]
