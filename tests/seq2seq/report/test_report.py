import json
import types
from html.parser import HTMLParser

import numpy as np
import pytest

from pipelines.tokenizers.bytes import Bytes
from seq2seq.details import Details
from seq2seq.generated import Generated
from seq2seq.report import heat_map, writing
from seq2seq.report.elements import element, table
from seq2seq.report.material import Other
from seq2seq.report.page import page
from seq2seq.report.sections import SECTIONS, measure
from seq2seq.report.writing import ReportOptions, write_report

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Reader(HTMLParser):
    """Reads a page as a browser would, and complains about elements that do not close."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.words, self.ids, self.links = [], set(), [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.seen.add(tag)
        given = dict(attributes)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given[name] for name in ("href", "src") if name in given]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture
def report(material):
    given = material(other=Other("<other>", ["a", "b", "c", "d"]), shown=[1, 2])
    return {"title": "a & b", "sections": measure(given)}


def test_the_page_is_well_formed_and_needs_nothing_from_outside(report):
    read = Reader(page(report))
    assert read.open == [] and "script" not in read.seen and "link" not in read.seen
    assert len(set(read.ids)) == len(read.ids)
    assert all(link.startswith(("#", "data:image/png")) for link in read.links)
    assert {name for name in SECTIONS} <= set(read.ids)
    assert {"svg", "table", "style"} <= read.seen


def test_text_cannot_be_taken_for_markup(report):
    made = page(report)
    read = Reader(made)
    assert "<script" not in made and "b" not in read.seen
    assert "the <script>alert(1)</script> dog" in read.words
    assert "a & b" in read.words and "<other>" in "".join(read.words)


def test_the_page_and_the_json_have_the_same_numbers(report):
    again = json.loads(json.dumps(report, allow_nan=False))
    assert page(again) == page(report)
    read = Reader(page(again))
    for row in again["sections"]["scores"]["scores"]:
        assert f"{row['own']:.2f}" in read.words and row["signature"] in read.words
    for row in again["sections"]["rare_words"]["words"]:
        assert f"{row['references']:,}" in read.words
    for group in again["sections"]["lengths"]["groups"]:
        assert f"{group['own']['bleu']:.1f}" in read.words


def test_without_matplotlib_the_page_says_what_to_install(report, monkeypatch):
    monkeypatch.setattr(heat_map.importlib.util, "find_spec", lambda name: None)
    read = Reader(page(report))
    assert "svg" not in read.seen and "keras-seq2seq[report]" in "".join(read.words)


def test_a_heat_map_is_of_the_page_in_any_script():
    pieces = ["日本", "$x$", "<s>", "</s>"]
    drawn = heat_map.heat_map(pieces, pieces[:2], [[0.5, 0.5, 0, 0], [0, 0, 0, 1]], "line 1")
    texts = [each.text for each in drawn.iter("text")]
    assert sorted(texts) == sorted(pieces + pieces[:2])
    assert drawn.tag == "svg" and len(list(drawn.iter("image"))) == 1
    inks = {each.get("style", "") for each in drawn.iter("text")}
    assert all("currentColor" in ink for ink in inks)


def test_elements_hold_texts_in_their_order():
    made = element("p", "a", element("b", "c"), "d", "e", element("i"), "f\0", class_="note")
    assert (made.text, made[0].tail, made[1].tail) == ("a", "de", "f\N{REPLACEMENT CHARACTER}")
    assert made.attrib == {"class": "note"}
    cells = list(table(["n", "t"], [["1,234.5", "word"], ["12.0 %", "–"]]).iter("td"))
    assert [cell.get("class") for cell in cells] == ["figure", None, "figure", "figure"]


@pytest.fixture
def run():
    """Stands for a run with one pair of training."""
    return types.SimpleNamespace(folder="runs/a", pairs=lambda split: iter([("a b", "x y")]))


class Explainer:
    """Reads bytes, and says each word of a target by the word of the source at its place."""

    source_tokenizer = Bytes()

    def explain(self, sources, targets):
        for source, target in zip(sources, targets, strict=True):
            sides = [*source.split(), "</s>"], [*target.split(), "</s>"]
            weights = np.eye(len(sides[1]), len(sides[0]), dtype="float32")
            yield Generated(target, 0.0, Details(*sides, True, [0.0] * len(sides[1]), weights))


def test_a_report_is_written_with_what_was_generated(run, material, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("a\nb\nc\nd\n")
    given = material()
    pairs = list(zip(given.sources, given.references))
    folder = tmp_path / "made" / "report"
    options = ReportOptions(compare=other)
    path = write_report(folder, run, Explainer(), pairs, given.evaluation, options)
    assert path == folder / "report.html"
    assert {each.name for each in folder.iterdir()} == {
        "report.html",
        "report.json",
        "hypotheses.txt",
    }
    told = json.loads((folder / "report.json").read_text("utf-8"))
    assert path.read_text("utf-8") == page(told)
    assert told["sections"]["significance"]["other"] == str(other)
    assert told["sections"]["rare_words"]["training_pairs"] == 1
    assert told["sections"]["attention"]["maps"][0]["source"] == ["rain", "</s>"]
    # What one report leaves, another may compare with.
    options = ReportOptions(compare=folder / "hypotheses.txt")
    write_report(folder, run, Explainer(), pairs, given.evaluation, options)
    told = json.loads((folder / "report.json").read_text("utf-8"))
    assert [test["p"] for test in told["sections"]["significance"]["tests"]] == [1.0] * 3


def test_another_run_is_let_write(run, material, tmp_path, monkeypatch):
    answer = lambda texts: (types.SimpleNamespace(text=text.upper()) for text in texts)
    generator = types.SimpleNamespace(generate=answer)
    opened = lambda path: types.SimpleNamespace(generator=lambda: generator)
    monkeypatch.setattr(writing, "RunFolder", opened)
    found = writing._other(tmp_path, ["a", "b"])
    assert (found.name, found.hypotheses) == (str(tmp_path), ["A", "B"])


def test_a_run_whose_corpus_is_elsewhere_is_reported_without_its_words(capsys):
    def missing(split):
        raise ValueError("no file train.en")

    assert writing._training_words(types.SimpleNamespace(pairs=missing)) is None
    assert "no file train.en" in capsys.readouterr().err


def test_what_does_not_fit_is_refused(run, material, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("a\n")
    given = material()
    pairs = list(zip(given.sources, given.references))
    for options, said in (
        (ReportOptions(compare=other), "has 1 lines for 4 sentences"),
        (ReportOptions(show=[5]), "no sentence 5 to show: they go from 1 to 4"),
    ):
        with pytest.raises(ValueError, match=said):
            write_report(tmp_path / "r", run, Explainer(), pairs, given.evaluation, options)
    assert not (tmp_path / "r").exists()
