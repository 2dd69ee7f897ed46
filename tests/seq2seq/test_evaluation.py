import json

import pytest
import tensorflow as tf

from pipelines.tokenizers.bytes import Bytes
from seq2seq.evaluation import METRICS, evaluate, scores, write_results
from seq2seq.generated import Generated

REFERENCES = ["The cat sat on the mat.", "It rained all day in Rome.", "Nobody knew why."]


class Echo:
    """Generates what it reads, in capitals."""

    def __init__(self):
        self.source_tokenizer = self.target_tokenizer = Bytes()

    def __call__(self, text):
        return {"text": text, "score": tf.zeros([len(text)])}

    def generate(self, texts, progress):
        for text in texts:
            progress(1)
            yield Generated(text.upper(), 0.0)


@pytest.mark.parametrize("metric", METRICS)
def test_references_themselves_get_full_marks(metric):
    score = scores(REFERENCES, REFERENCES, [metric])[metric]
    assert score.value == pytest.approx(100)
    assert score.signature


@pytest.mark.parametrize("metric", METRICS)
def test_unrelated_text_gets_none(metric):
    assert scores(["zzz"] * 3, REFERENCES, [metric])[metric].value == pytest.approx(0, abs=0.5)


@pytest.mark.parametrize("metric", METRICS)
def test_empty_hypotheses_are_scored(metric):
    assert scores([""] * 3, REFERENCES, [metric])[metric].value == pytest.approx(0, abs=0.5)


def test_figures_worked_by_hand():
    found = scores(["the cat ran"], ["the cat sat down"], ["rouge1", "rouge2", "rougeL"])
    # 2 of 3 and of 4 words; 1 of 2 and of 3 pairs; the longest common run of words has 2.
    assert found["rouge1"].value == pytest.approx(100 * 4 / 7)
    assert found["rouge2"].value == pytest.approx(100 * 2 / 5)
    assert found["rougeL"].value == pytest.approx(100 * 4 / 7)
    assert scores(["a", "b ", "c", "d"], ["a", "b", "C", "e"], ["exact_match"])[
        "exact_match"
    ].value == pytest.approx(50)


def test_case_counts_in_bleu_and_the_signature_says_so():
    found = scores([text.lower() for text in REFERENCES], REFERENCES, ["bleu"])["bleu"]
    assert found.value < 95
    assert "case:mixed" in found.signature and "tok:13a" in found.signature


def test_stems_are_cut_only_when_asked():
    found = scores(["cats running"], ["cat runs"], ["rouge1", "rouge1_stemmed"])
    assert found["rouge1"].value == 0
    assert found["rouge1_stemmed"].value == pytest.approx(100)


@pytest.mark.parametrize(
    "hypotheses, references, metrics, said",
    [
        ([], [], ["bleu"], "nothing to score"),
        (["a"], [], ["bleu"], "1 hypotheses for 0 references"),
        (["a"], ["a"], ["blue"], "unknown metric 'blue'"),
    ],
)
def test_what_cannot_be_scored_is_refused(hypotheses, references, metrics, said):
    with pytest.raises(ValueError, match=said):
        scores(hypotheses, references, metrics)


def test_a_generator_is_scored_counted_and_timed():
    told = []
    result = evaluate(Echo(), iter([("ab", "AB"), ("abc", "abd!")]), ["exact_match"], told.append)
    assert result.scores["exact_match"].value == 50
    assert result.hypotheses == ["AB", "ABC"]
    counts = (result.sentences, result.source_tokens, result.hypothesis_tokens)
    assert counts == (2, 5, 5) and result.reference_tokens == 6
    assert result.seconds > 0 and result.sentences_a_second > 0
    assert sum(told) == 2


def test_a_corpus_of_none_is_refused():
    with pytest.raises(ValueError, match="no examples"):
        evaluate(Echo(), [])


def test_results_are_written_whole_or_not_at_all(tmp_path):
    result = evaluate(Echo(), [("ab", "AB")], ["bleu", "exact_match"])
    path = write_results(tmp_path, "test", result)
    assert path == tmp_path / "results" / "test.json"
    written = json.loads(path.read_text("utf-8"))
    assert written["scores"]["exact_match"] == result.scores["exact_match"]._asdict()
    assert written["sentences"] == 1 and "hypotheses" not in written
    assert list(path.parent.iterdir()) == [path]
