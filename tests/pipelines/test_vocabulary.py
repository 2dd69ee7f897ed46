"""From a corpus to tokenizers in a folder, and back."""

import json

import pytest
import tensorflow as tf
from typer.testing import CliRunner

from pipelines.__main__ import app
from pipelines.corpora.corpus import Corpus
from pipelines.vocabulary import (
    load_tokenizers,
    make_tokenizers,
    save_tokenizers,
    train_tokenizers,
)


class Greetings(Corpus):
    """Yields a hundred pairs whose sides have no letter in common; counts what was read."""

    def __init__(self):
        self.read = []

    def splits(self):
        return ["train", "test"]

    def pairs(self, split):
        for number in range(100):
            self.read.append((split, number))
            yield "aba caba", "xyx zyx"


CHARACTERS = {"kind": "characters", "size": 50}


def ids(tokenizer):
    return tokenizer.tokenize(tf.constant(["aba xyx"])).to_list()[0]


def test_one_tokenizer_of_both_sides_by_default():
    tokenizers = train_tokenizers(Greetings(), CHARACTERS)
    assert tokenizers.source is tokenizers.target and tokenizers.shared
    assert set(tokenizers.source.characters) == set("abcxyz ")


def test_one_tokenizer_of_each_side_when_asked_for():
    tokenizers = train_tokenizers(Greetings(), CHARACTERS | {"shared": False})
    assert set(tokenizers.source.characters) == set("abc ")
    assert set(tokenizers.target.characters) == set("xyz ")
    assert not tokenizers.shared


def test_only_the_training_split_is_read_once_a_tokenizer():
    corpus = Greetings()
    train_tokenizers(corpus, CHARACTERS)
    assert corpus.read == [("train", number) for number in range(100)]


def test_subwords_learn_from_both_sides():
    section = {"kind": "subwords", "size": "300", "model": "bpe"}
    tokenizer = train_tokenizers(Greetings(), section).source
    words = tokenizer.tokens(tokenizer.tokenize(tf.constant(["aba xyx"])))
    assert words.to_list() == [["▁aba".encode(), "▁xyx".encode()]]


def test_bytes_need_nothing_but_their_kind():
    corpus = Greetings()
    assert train_tokenizers(corpus, {"kind": "bytes"}).source.size == 260
    assert corpus.read == []


@pytest.mark.parametrize(
    "section, message",
    [
        ({}, r"needs a kind \(known: bytes, .*, words\)"),
        ({"kind": "subword"}, "did you mean 'subwords'"),
        ({"kind": "subwords"}, "Subwords.train needs size"),
        ({"kind": "subwords", "size": "big"}, "Subwords.train: size"),
        ({"kind": "subwords", "size": 300, "modle": "bpe"}, "did you mean 'model'"),
        ({"kind": "subwords", "size": 300, "model": "word"}, "'unigram' or 'bpe'"),
        ({"kind": "subwords", "size": 300, "texts": ["a"]}, "texts come from"),
        ({"kind": "bytes", "shared": "no"}, "shared must be true or false, got 'no'"),
    ],
)
def test_a_faulty_section_is_an_error_before_anything_is_read(section, message):
    corpus = Greetings()
    with pytest.raises(ValueError, match=message):
        train_tokenizers(corpus, section)
    assert corpus.read == []


@pytest.mark.parametrize("shared", [True, False])
def test_save_and_load_change_nothing(tmp_path, shared):
    tokenizers = train_tokenizers(Greetings(), CHARACTERS | {"shared": shared})
    save_tokenizers(tokenizers, tmp_path / "a" / "tokenizers")
    loaded = load_tokenizers(tmp_path / "a" / "tokenizers")
    assert [ids(tokenizer) for tokenizer in loaded] == [ids(tokenizer) for tokenizer in tokenizers]
    assert loaded.shared == shared
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["tokenizers"]


def test_tokenizers_that_are_there_are_never_overwritten(tmp_path):
    tokenizers = train_tokenizers(Greetings(), CHARACTERS)
    save_tokenizers(tokenizers, tmp_path / "tokenizers")
    with pytest.raises(ValueError, match="is there already"):
        save_tokenizers(tokenizers, tmp_path / "tokenizers")


def test_what_an_interrupted_save_left_is_no_part_of_the_next(tmp_path):
    (tmp_path / "tokenizers.part" / "source").mkdir(parents=True)
    save_tokenizers(train_tokenizers(Greetings(), CHARACTERS), tmp_path / "tokenizers")
    names = sorted(path.name for path in (tmp_path / "tokenizers").iterdir())
    assert names == ["shared", "tokenizers.json"]


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"source": "bytes"}', '{"shared": "x"}'])
def test_a_folder_that_holds_no_tokenizers_is_an_error(tmp_path, content):
    with pytest.raises(ValueError, match="holds no tokenizers"):
        load_tokenizers(tmp_path)
    (tmp_path / "tokenizers.json").write_text(content)
    with pytest.raises(ValueError):
        load_tokenizers(tmp_path)


@pytest.fixture
def recipe(tmp_path):
    lines = [json.dumps({"source": "aba caba", "target": "xyx zyx"})] * 20
    (tmp_path / "train.jsonl").write_text("\n".join(lines) + "\n")
    path = tmp_path / "recipe.toml"
    path.write_text(
        f"[corpus]\nkind = 'json_lines'\npaths = {{train = 'train.jsonl'}}\nfolder = '{tmp_path}'\n"
        "[tokenizer]\nkind = 'characters'\n"
    )
    return path


def run(*arguments):
    return CliRunner().invoke(app, ["vocabulary", *map(str, arguments)])


def test_the_command_trains_what_the_recipe_and_its_changes_say(recipe, tmp_path):
    result = run(recipe, "--output", tmp_path / "out", "--set", "tokenizer.shared=false")
    assert result.exit_code == 0, result.output
    assert "source: Characters, 8 ids" in result.output
    assert set(load_tokenizers(tmp_path / "out").target.characters) == set("xyz ")


def test_the_command_refuses_a_folder_that_is_there_before_it_trains(recipe, tmp_path):
    (recipe.parent / "train.jsonl").write_text("not JSON")
    result = run(recipe, "--output", tmp_path)
    assert isinstance(result.exception, ValueError)
    assert "is there already" in str(result.exception)


def test_a_recipe_without_a_section_is_an_error_that_names_it(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text("[corpus]\nkind = 'json_lines'\n")
    result = run(path, "--output", tmp_path / "out")
    assert "needs a [tokenizer] section" in str(result.exception)


def test_a_section_with_a_folder_loads_it_and_trains_nothing(tmp_path):
    save_tokenizers(train_tokenizers(Greetings(), CHARACTERS), tmp_path / "ready")
    corpus = Greetings()
    loaded = make_tokenizers(corpus, CHARACTERS | {"folder": str(tmp_path / "ready")})
    assert set(loaded.source.characters) == set("abcxyz ") and corpus.read == []


def test_a_section_without_a_folder_trains():
    made = make_tokenizers(Greetings(), CHARACTERS)
    assert set(made.source.characters) == set("abcxyz ")
