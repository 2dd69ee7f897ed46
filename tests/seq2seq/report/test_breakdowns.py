import sys
import types
from pathlib import Path

import pytest

from seq2seq.report.copying import Copying
from seq2seq.report.lengths import Lengths
from seq2seq.report.material import Other
from seq2seq.report.over_and_under import OverAndUnder
from seq2seq.report.rare_words import RareWords
from seq2seq.report.repetition import Repetition, repeated
from seq2seq.report.scores import Scores, ter
from seq2seq.report.sentences import Sentences
from seq2seq.report.significance import Significance


def by(rows, name):
    return {row[name]: row for row in rows}


def test_sentences_are_grouped_by_their_source_tokens(material):
    groups = Lengths(edges=(1, 3)).measure(material())["groups"]
    # Sources of 5, 3, 2 and 1 tokens.
    told = [(group["group"], group["sentences"]) for group in groups]
    assert told == [("up to 1", 1), ("2 to 3", 2), ("4 and more", 1)]
    # "der", "<", "b", ">", "hund", "<", "/", "b", ">", "&", "der", "hund" and seven, for 2 and 4.
    assert groups[1]["own"]["length_ratio"] == pytest.approx(19 / 6)
    perfect = Lengths(edges=(1, 3)).measure(material(["a b c d e"] * 4, ["a b c d e"] * 4))
    assert all(group["own"]["bleu"] == pytest.approx(100) for group in perfect["groups"])


def test_words_are_classed_by_how_often_training_had_them(material):
    found = RareWords(edges=(1, 2), rare=1).measure(material())
    assert found["training_pairs"] == 2
    words = by(found["words"], "seen")
    # Of the references, training has never: anna, 3, y, y; twice: der; the rest once.
    never, once, twice = words["never"], words["1"], words["2 and more"]
    assert [row["references"] for row in (never, once, twice)] == [4, 7, 1]
    # anna saw 3 | < b > < / b > & | y y y; katzen . | hund hund | x x x x; der der
    assert [row["hypotheses"] for row in (never, once, twice)] == [14, 8, 2]
    # anna, 3, y, y; katzen, ., hund, x, x; der
    assert [row["matched"] for row in (never, once, twice)] == [4, 5, 1]
    assert once["recall"] == pytest.approx(100 * 5 / 7)
    assert once["precision"] == pytest.approx(100 * 5 / 8)
    assert once["f1"] == pytest.approx(100 * 10 / 15)


def test_sentences_are_grouped_by_the_rarest_word_of_their_source(material):
    found = RareWords(rare=1).measure(material(sources=["the dog", "the the", "a", "unheard the"]))
    groups = by(found["groups"], "group")
    assert groups["a word never seen"]["sentences"] == 1
    assert groups["a rare word"]["sentences"] == 2
    assert groups["frequent words alone"]["sentences"] == 1


def test_words_that_nobody_knows_are_named(material):
    found = RareWords().measure(material(["Blorf saw blorf!", "", "", "y"]))
    # "saw" is in its source; "y" is known neither there nor to training.
    assert found["invented"] == [{"word": "blorf", "times": 2}, {"word": "y", "times": 1}]


def test_nothing_is_said_about_words_where_training_is_not_known(material):
    assert RareWords().measure(material(counts=None)) is None


def test_repeated_runs_are_counted():
    # x y x y x y x: 7 words of 2 kinds; x y, y x: 6 pairs of 2 kinds; 5 triples of 2 kinds.
    texts = ["x y x y x y x", "a"]
    assert repeated(texts, 1) == pytest.approx(100 * (8 - 3) / 8)
    assert repeated(texts, 2) == pytest.approx(100 * (6 - 2) / 6)
    assert repeated(texts, 3) == pytest.approx(100 * (5 - 2) / 5)
    assert repeated(["a", ""], 2) is None


def test_loops_are_those_that_the_reference_does_not_have(material):
    found = Repetition(looped=2).measure(material(["a b a b", "c d e c d", "x y x y", ""]))
    told = [(loop["line"], loop["phrase"], loop["times"]) for loop in found["shown"]]
    assert told == [(1, "a b", 2), (2, "c d", 2)]
    assert found["loops"] == 2


def test_copied_words_are_right_where_the_reference_copies_them(material):
    found = Copying().measure(material())
    # Anna, saw and 3 of 4 words; "b" of the second stands in no source. References: Anna and 3.
    own = found["own"]
    assert (own["copied"], own["right"], own["wanted"]) == (3, 2, 2)
    assert own["words"] == 4 + 6 + 7
    assert own["precision"] == pytest.approx(100 * 2 / 3) and own["recall"] == 100
    assert found["references"]["precision"] == 100
    assert [(row["line"], row["words"]) for row in found["shown"]] == [(1, "saw")]
    whole = Copying().measure(material(["ANNA saw 3 cats .", "", "A B", "rain or"]))
    assert whole["own"]["whole"] == 2


def test_short_and_long_hypotheses_are_found(material):
    found = OverAndUnder().measure(material())
    lengths = found["lengths"]["own"]
    # 5 of 5, 12 of 2, 7 of 4, 0 of 1 words.
    assert lengths == {"ratio": pytest.approx(24 / 12), "short": 1, "long": 2, "empty": 1}
    assert [(row["line"], row["ratio"]) for row in found["shown"]] == [(4, 0), (3, 1.75), (2, 6)]


def test_source_tokens_that_no_target_token_reads_are_left_out(material):
    found = OverAndUnder().measure(material())["coverage"]
    # Pieces read one another by their places, END with them: of "rain", "" reads the first alone.
    # All of the sources' 5 + 3 + 2 + 1 are read by the hypotheses; the references are shorter.
    assert found["own"] == {"tokens": 11, "left_out": 0.0, "overused": 0.0}
    fewer = OverAndUnder().measure(material(["a", "", "", ""]))["coverage"]
    # Two pieces, then one of each.
    assert fewer["own"]["left_out"] == pytest.approx(100 * (3 + 2 + 1 + 0) / 11)
    assert fewer["shown"][0]["pieces"] == ["3", "cats", "."]
    assert OverAndUnder().measure(material(explain=None))["coverage"] is None


def test_the_worst_and_the_best_are_told_by_chrf(material):
    texts = ["Anna", "der Hund", "x y", "Regen"]
    found = Sentences(listed=1).measure(material(texts, other=Other("o", ["Anna", "d", "x", "R"])))
    assert [row["line"] for row in found["worst"]] == [1]
    assert [row["own"]["chrf"] for row in found["best"]] == [pytest.approx(100)]
    assert sum(found["histogram"]) == 4 and found["histogram"][-1] == 2
    assert found["lost"] == [] and len(found["won"]) == 1


def test_a_model_is_not_significantly_different_from_itself(material):
    itself = Other("itself", list(material().hypotheses))
    found = Significance(samples=50).measure(material(other=itself))
    assert [row["p"] for row in found["tests"]] == [1.0] * 3
    assert not any(row["significant"] for row in found["tests"])
    assert Significance().measure(material()) is None


def test_a_model_that_is_much_better_is_significantly_so(material):
    references = [f"the number {n} is followed by {n + 1} and others" for n in range(30)]
    texts = {"sources": ["a"] * 30, "references": references}
    bad = ["the number is not known to me or others"] * 30
    given = material(references, **texts, other=Other("bad", bad))
    rows = Significance(samples=100).measure(given)["tests"]
    assert all(row["significant"] and row["p"] < 0.05 for row in rows)
    score = by(rows, "metric")
    assert score["BLEU"]["own"]["score"] == pytest.approx(100)
    assert score["TER"]["own"]["score"] == 0 < score["TER"]["other"]["score"]


def test_edits_are_counted_for_each_word_of_the_references():
    # One of 4 words is another: 25 %. Nothing for one word: 100 %.
    assert ter(["a b c x"], ["a b c d"]).value == pytest.approx(25)
    assert ter([""], ["a"]).value == pytest.approx(100)
    assert ter(["a b"], ["a b"]).value == 0
    assert "tok:tercom" in ter(["a"], ["a"]).signature


def test_scores_are_told_with_their_signatures(material):
    right = Other("right", material().references)
    found = Scores(metrics=("exact_match",)).measure(material(other=right))
    rows = by(found["scores"], "metric")
    assert (rows["exact_match"]["own"], rows["exact_match"]["other"]) == (0, 100)
    assert rows["ter"]["less_is_better"] and rows["ter"]["signature"]
    assert found["sentences"] == 4 and found["sentences_a_second"] == 2


def test_comet_is_asked_only_for_a_model_that_is_there(material, tmp_path, monkeypatch):
    scored = []

    class Model:
        def predict(self, samples, **options):
            scored.extend(samples)
            return types.SimpleNamespace(system_score=0.75)

    fake = types.ModuleType("comet")
    fake.load_from_checkpoint = lambda path, local_files_only: local_files_only and Model()
    fake.__spec__ = types.SimpleNamespace()
    checkpoint = tmp_path / "model.ckpt"
    for path, module, said in (
        (checkpoint, None, "not installed"),
        (Path("nowhere.ckpt"), fake, "no COMET model nowhere.ckpt"),
    ):
        monkeypatch.setitem(sys.modules, "comet", module)
        monkeypatch.setattr("importlib.util.find_spec", lambda name: module)
        with pytest.raises(ValueError, match=said):
            Scores(metrics=()).measure(material(comet=path))
    checkpoint.touch()
    monkeypatch.setattr("importlib.metadata.version", lambda name: "2.2")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("TRANSFORMERS_OFFLINE", "0")
    rows = by(Scores(metrics=()).measure(material(comet=checkpoint))["scores"], "metric")
    assert rows["comet"]["own"] == 75 and "model.ckpt" in rows["comet"]["signature"]
    assert scored[2] == {"src": "a b", "mt": "x y x y x y x", "ref": "x y x y"}
