"""Tests of what `python -m pipelines inspect` shows."""

import io

import pytest
from rich.console import Console

from pipelines.inspection import Inspection, inspect
from pipelines.tokenizers.characters import Characters
from pipelines.vocabulary import Tokenizers, save_tokenizers
from pipelines.wikipedia.article import Article, Section
from pipelines.wikipedia.held_out import HeldOut
from pipelines.wikipedia.preparation import Preparation
from pipelines.wikipedia.prepare import prepare

PAGE = "<page><title>{0}</title><ns>0</ns><id>1</id><revision><text>{1}</text></revision></page>"


def article(*paragraphs):
    return Article(1, "Dog", [Section("", 1, [list(sentences) for sentences in paragraphs])])


@pytest.fixture
def folder(tmp_path):
    """Prepares two articles, of 2 paragraphs and 3 sentences, and of one."""
    texts = {"Dog": "Dogs bark. They run.\n\nCats do not.", "Cat": "Cats sleep all day."}
    pages = "".join(PAGE.format(*item) for item in texts.items())
    (tmp_path / "a.xml").write_text(f"<mediawiki>{pages}</mediawiki>")
    prepare(tmp_path / "a.xml", tmp_path / "out", Preparation(held_out=HeldOut(0, 0)))
    return tmp_path / "out"


def shown(folder, **options):
    said = io.StringIO()
    found = inspect(folder, console=Console(file=said, width=100), **options)
    return found, said.getvalue()


def test_lengths_are_counted_in_characters_by_powers_of_two():
    found = Inspection(samples=0, seed=0)
    found.add(article(["A" * 3, "B" * 4], ["C" * 8]))
    # Sentences of 3, 4 and 8; paragraphs of 3 + 1 + 4 and 8; an article of 16.
    assert found.lengths == {
        "sentences": {2: 1, 3: 1, 4: 1},
        "paragraphs": {4: 2},
        "articles": {5: 1},
    }


def test_residue_of_markup_is_counted():
    found = Inspection(samples=0, seed=0)
    found.add(article(["A {{b}} [[c]] ''d'' <i>e</i> 1 < 2 \ufffc."], ["<ref name=a> | =="]))
    assert found.residue == {
        "{{": 1,
        "}}": 1,
        "[[": 1,
        "]]": 1,
        "''": 2,
        "HTML tags": 3,
        "<ref": 1,
        "|": 1,
        "==": 1,
        "holes": 1,
    }


def test_samples_are_different_paragraphs_drawn_by_the_seed():
    drawn = []
    for seed in (1, 1, 2):
        found = Inspection(samples=3, seed=seed)
        for number in range(50):
            found.add(article([f"Dog {number}."]))
        drawn.append([text for _, text in found.samples])
    assert drawn[0] == drawn[1] != drawn[2]
    assert all(len(set(texts)) == 3 for texts in drawn)


def test_every_paragraph_is_drawn_as_often_as_any_other():
    drawn = []
    for seed in range(2000):
        found = Inspection(samples=1, seed=seed)
        for number in range(4):
            found.add(article([f"{number}"]))
        drawn.append(found.samples[0][1])
    assert all(abs(drawn.count(str(number)) - 500) < 100 for number in range(4))


def test_all_of_it_is_shown(folder, tmp_path):
    alphabet = Characters.train(["Dogs bark. They run."], size=100)
    save_tokenizers(Tokenizers(alphabet, alphabet), tmp_path / "tokenizers")
    found, said = shown(folder, samples=9, tokenizer=tmp_path / "tokenizers")
    units = {"articles": 2, "paragraphs": 3, "sentences": 4}
    assert {unit: found.count(unit) for unit in units} == units
    for wanted in ("a.xml, language en, complete", "2 article", "lengths of paragraphs"):
        assert wanted in said
    assert "Cats do not." in said and "Dogs bark. They run." in said
    texts = ["Dogs bark.", "They run.", "Cats do not.", "Cats sleep all day."]
    known = set("Dogs bark. They run.")
    unknown = sum(letter not in known for text in texts for letter in text)
    assert f"{unknown / sum(map(len, texts)):.4%} of {sum(map(len, texts))}" in said


def test_a_split_that_is_not_there_is_an_error(folder):
    with pytest.raises(ValueError, match=r"no split 'valid' \(known: train\)"):
        inspect(folder, split="valid")
