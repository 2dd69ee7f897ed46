"""Tests of the corpus of prepared Wikipedia articles."""

import json

import pytest

from pipelines import plugins
from pipelines.corpora.corpus import Corpus
from pipelines.corpora.mixture import Mixture
from pipelines.corpora.wikipedia import Wikipedia
from pipelines.objectives.objective import find_objective
from pipelines.wikipedia.article import Article, Section, to_line
from pipelines.wikipedia.manifest import FORMAT, MANIFEST
from pipelines.wikipedia.shards import Shards

RESTORE = {"kind": "restore"}


def article(number):
    """Makes an article of a lead; if the number is odd, also of a section."""
    sections = [Section("", 1, [[f"Dog {number} barks.", "It's not a cat."]])]
    if number % 2:
        sections.append(Section("Life", 2, [[f"Dog {number} runs and sleeps and barks at night."]]))
    return Article(number, f"Dog {number}", sections)


def write(folder, shards):
    """Writes four articles into two shards of a split."""
    names = [shards.name("train", number, 2) for number in range(2)]
    folder.mkdir()
    for number, name in enumerate(names):
        lines = [to_line(article(2 * number + place)) for place in range(2)]
        shards.write(folder / name, lines)
    splits = {"train": {"files": dict.fromkeys(names, {})}, "valid": {"files": {}}}
    (folder / MANIFEST).write_text(json.dumps({"format": FORMAT, "splits": splits}))
    return folder


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path / "out", Shards())


@pytest.mark.parametrize(
    "shards", [Shards(compression="gz"), Shards(kind="tfrecord", compression="none")], ids=str
)
def test_articles_come_through_the_objective_in_the_order_of_the_shards(folder, tmp_path, shards):
    pairs = list(Wikipedia(str(folder), RESTORE).pairs("train"))
    assert pairs == [pair for n in range(4) for pair in find_objective(RESTORE).pairs(article(n))]
    assert len(pairs) == 10 and pairs[0] == ("dog 0 barks", "Dog 0 barks.")
    other = write(tmp_path / "other", shards)
    assert list(Wikipedia(str(other), RESTORE).pairs("train")) == pairs


def test_articles_that_the_objective_makes_nothing_of_are_counted(folder):
    corpus = Wikipedia(str(folder), {"kind": "heading"})
    for _ in range(2):
        assert len(list(corpus.pairs("train"))) == 2
        assert corpus.dropped == {"nothing to learn from the article": 2}


def test_the_symbols_are_those_of_the_objective(folder):
    assert Wikipedia(str(folder), RESTORE).symbols == ()
    assert "<mask>" in Wikipedia(str(folder), {"kind": "denoise"}).symbols


def test_several_objectives_are_a_mixture_that_names_the_folder_once(folder):
    mixture = Mixture(
        common={"kind": "wikipedia", "folder": str(folder)},
        corpora=[
            {"objective": {"kind": "denoise"}, "weight": 3, "prefix": "denoise:"},
            {"objective": {"kind": "title"}, "prefix": "name:"},
        ],
    )
    assert mixture.symbols == ("<mask>", "<sentence>")
    sources = [source.partition(":")[0] for source, _ in mixture.pairs("train")]
    assert [sources.count(prefix) for prefix in ("denoise", "name")] == [12, 4]
    *_, last = mixture.pairs("train")
    assert last == ("name: Dog 3 barks. It's not a cat.", "Dog 3")


def test_splits_without_articles_are_not_there(folder):
    corpus = Wikipedia(str(folder), RESTORE)
    assert corpus.splits() == ["train"]
    with pytest.raises(ValueError, match=r"no split 'valid' \(known: train\)"):
        corpus.pairs("valid")


def test_a_folder_that_was_not_prepared_is_an_error_that_says_how_to(tmp_path):
    with pytest.raises(ValueError, match="python -m pipelines wikipedia"):
        Wikipedia(str(tmp_path), RESTORE)


def test_a_lost_shard_is_an_error_that_names_it(folder):
    (folder / "train-00001-of-00002.jsonl.zst").unlink()
    with pytest.raises(ValueError, match=r"no file .*train-00001-of-00002\.jsonl\.zst"):
        Wikipedia(str(folder), RESTORE).pairs("train")


def test_a_recipe_section_builds_the_corpus(folder):
    section = {"kind": "wikipedia", "folder": str(folder), "objective": RESTORE}
    corpus = plugins.build("pipelines.corpora", Corpus, section)
    assert len(list(corpus.examples("train"))) == 10
