"""Tests of the corpus of prepared Wikipedia passages."""

import pytest

from pipelines import plugins
from pipelines.corpora.corpus import Corpus
from pipelines.corpora.wikipedia import Wikipedia
from pipelines.wikipedia.passages import Passages
from pipelines.wikipedia.prepare import HeldOut, prepare

PAGE = (
    "<page><title>Dog {0}</title><ns>0</ns><id>1</id>"
    "<revision><text>{1}</text></revision></page>"
)


@pytest.fixture
def folder(tmp_path):
    """Prepares six articles: the even ones have one sentence, the odd ones two."""
    texts = [f"Dog {n} barks." + f" Dog {n}, too, runs." * (n % 2) for n in range(6)]
    articles = "".join(PAGE.format(n, text) for n, text in enumerate(texts))
    (tmp_path / "a.xml").write_text(f"<mediawiki>{articles}</mediawiki>")
    prepare(tmp_path / "a.xml", tmp_path / "out", Passages(2), HeldOut(0, 0), shard_size=4)
    return tmp_path / "out"


def test_passages_come_in_the_order_of_the_dump_through_the_objective(folder):
    pairs = list(Wikipedia(str(folder), {"kind": "restore"}).pairs("train"))
    assert [target[:5] for _, target in pairs] == [f"Dog {n}" for n in range(6)]
    assert pairs[1] == ("dog 1 barks dog 1 too runs", "Dog 1 barks. Dog 1, too, runs.")


def test_the_size_is_known_where_nothing_can_be_dropped(folder):
    assert Wikipedia(str(folder), {"kind": "title"}).size("train") == 6
    assert Wikipedia(str(folder), {"kind": "lead"}, faulty="drop").size("train") is None


def test_a_passage_the_objective_cannot_use_is_an_error_that_names_file_and_line(folder):
    corpus = Wikipedia(str(folder), {"kind": "lead"})
    with pytest.raises(ValueError, match=r"train-00000\.jsonl:1: one sentence only"):
        list(corpus.pairs("train"))


def test_passages_the_objective_cannot_use_can_be_dropped_and_are_counted(folder):
    corpus = Wikipedia(str(folder), {"kind": "lead"}, faulty="drop")
    assert len(list(corpus.pairs("train"))) == 3
    assert corpus.dropped == {"one sentence only": 3}


def test_splits_without_articles_are_not_there(folder):
    corpus = Wikipedia(str(folder), {"kind": "restore"})
    assert corpus.splits() == ["train"]
    with pytest.raises(ValueError, match=r"no split 'valid' \(known: train\)"):
        corpus.pairs("valid")


def test_a_folder_that_was_not_prepared_is_an_error_that_says_how_to(tmp_path):
    with pytest.raises(ValueError, match="python -m pipelines wikipedia"):
        Wikipedia(str(tmp_path), {"kind": "restore"})


def test_a_lost_shard_is_an_error_that_names_it(folder):
    (folder / "train-00001.jsonl").unlink()
    with pytest.raises(ValueError, match=r"no file .*train-00001\.jsonl"):
        Wikipedia(str(folder), {"kind": "restore"}).pairs("train")


def test_a_recipe_section_builds_the_corpus(folder):
    section = {"kind": "wikipedia", "folder": str(folder), "objective": {"kind": "restore"}}
    corpus = plugins.build("pipelines.corpora", Corpus, section)
    assert len(list(corpus.examples("train"))) == 6
