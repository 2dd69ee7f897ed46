"""Tests of the corpus of prepared Wikipedia passages."""

import pytest

from pipelines import plugins
from pipelines.corpora.corpus import Corpus
from pipelines.corpora.wikipedia import Wikipedia
from pipelines.wikipedia.held_out import HeldOut
from pipelines.wikipedia.preparation import Preparation
from pipelines.wikipedia.prepare import prepare

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
    prepare(tmp_path / "a.xml", tmp_path / "out", Preparation(held_out=HeldOut(0, 0)))
    return tmp_path / "out"


def wikipedia(folder, kind, **options):
    return Wikipedia(str(folder), {"kind": kind}, sentences=2, **options)


def test_passages_come_through_the_objective(folder):
    pairs = sorted(wikipedia(folder, "restore").pairs("train"))
    assert [target[:5] for _, target in pairs] == [f"Dog {n}" for n in range(6)]
    assert pairs[1] == ("dog 1 barks dog 1 too runs", "Dog 1 barks. Dog 1, too, runs.")


def test_a_passage_the_objective_cannot_use_is_an_error_that_names_file_and_article(folder):
    corpus = wikipedia(folder, "lead")
    with pytest.raises(ValueError, match=r"train-00000-.*, Dog \d: one sentence only"):
        list(corpus.pairs("train"))


def test_passages_the_objective_cannot_use_can_be_dropped_and_are_counted(folder):
    corpus = wikipedia(folder, "lead", faulty="drop")
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
    (folder / "train-00000-of-00001.jsonl.zst").unlink()
    with pytest.raises(ValueError, match=r"no file .*train-00000-of-00001\.jsonl\.zst"):
        Wikipedia(str(folder), {"kind": "restore"}).pairs("train")


def test_a_recipe_section_builds_the_corpus(folder):
    section = {"kind": "wikipedia", "folder": str(folder), "objective": {"kind": "restore"}}
    corpus = plugins.build("pipelines.corpora", Corpus, section)
    assert len(list(corpus.examples("train"))) == 9
