"""Tests of other sources than dumps: the same preparation, whatever the text comes from."""

import bz2
import functools
import gzip
import json

import pytest
import tensorflow_datasets as tfds

from pipelines.wikipedia.held_out import HeldOut
from pipelines.wikipedia.manifest import read_manifest
from pipelines.wikipedia.preparation import Preparation
from pipelines.wikipedia.prepare import prepare
from pipelines.wikipedia.shards import read_articles
from pipelines.wikipedia.sources import record_source
from pipelines.wikipedia.sources.open_source import open_source

ALL_TRAIN = Preparation(held_out=HeldOut(0, 0))
ARTICLES = {
    f"Dog {number}": f"Dog {number} barks at Mr. Hu. It runs.\nCats hate dog {number}."
    for number in range(30)
}


def prepared(source, output, **options):
    prepare(source, output, ALL_TRAIN, **options)
    names = read_manifest(output)["splits"]["train"]["files"]
    return {
        article.title: list(article.paragraphs())
        for name in names
        for article in read_articles(output / name)
    }


def wanted(number):
    return [[f"Dog {number} barks at Mr. Hu.", "It runs."], [f"Cats hate dog {number}."]]


def opened(name):
    source = open_source(name)
    assert source is not None
    return source


def write_lines(path, opener=open):
    with opener(path, "wt", encoding="utf-8") as file:
        for title, text in ARTICLES.items():
            file.write(json.dumps({"title": title, "text": text}) + "\n")
    return path


@pytest.mark.parametrize(
    "name,opener", [("a.jsonl", open), ("a.json.gz", gzip.open), ("a.jsonl.bz2", bz2.open)]
)
def test_lines_of_json_are_prepared(tmp_path, name, opener):
    found = prepared(write_lines(tmp_path / name, opener), tmp_path / "out")
    assert found == {f"Dog {number}": wanted(number) for number in range(30)}
    manifest = read_manifest(tmp_path / "out")
    assert manifest["dump"]["kind"] == "json_lines" and manifest["licence"]
    assert manifest["counts"]["pages"] == {"article": 30}


def test_a_folder_of_text_is_prepared(tmp_path):
    (tmp_path / "books" / "more").mkdir(parents=True)
    (tmp_path / "books" / "b.txt").write_text("One line\nis wrapped. It ends.\n\nThe next one.\n")
    (tmp_path / "books" / "more" / "a.txt.gz").write_bytes(
        gzip.compress(b"No blanks.\nTwo here.\n")
    )
    (tmp_path / "books" / "notes.md").write_text("Not read.")
    assert prepared(tmp_path / "books", tmp_path / "out") == {
        "b": [["One line is wrapped.", "It ends."], ["The next one."]],
        "a": [["No blanks."], ["Two here."]],
    }
    assert read_manifest(tmp_path / "out")["licence"] is None


@pytest.fixture
def data_sets(tmp_path, monkeypatch):
    """Writes a data set like `wikipedia` of tensorflow-datasets, and one without texts."""
    for name, feature in (("toy_wiki", "text"), ("toy_other", "label")):
        inner = tmp_path / "tfds" / name / "1.0.0"
        inner.mkdir(parents=True)
        place = tfds.core.DatasetIdentity(name, "1.0.0", data_dir=str(inner), module_name="")
        features = {"title": tfds.features.Text(), feature: tfds.features.Text()}
        info = tfds.core.DatasetInfo(builder=place, features=tfds.features.FeaturesDict(features))
        writer = tfds.core.SequentialWriter(info, max_examples_per_shard=4)
        writer.initialize_splits(["train"])
        examples = [{"title": title, feature: text} for title, text in ARTICLES.items()]
        writer.add_examples({"train": examples})
        writer.close_all()
    builder = functools.partial(tfds.builder, data_dir=str(tmp_path / "tfds"))
    monkeypatch.setattr(tfds, "builder", builder)


def test_a_data_set_of_tensorflow_is_prepared(data_sets, tmp_path):
    found = prepared("tfds:toy_wiki", tmp_path / "out")
    assert found == {f"Dog {number}": wanted(number) for number in range(30)}
    assert read_manifest(tmp_path / "out")["dump"]["articles"] == {"train": 30}


def test_a_data_set_that_is_not_there_or_has_no_text_is_an_error(data_sets):
    with pytest.raises(ValueError, match="tensorflow-datasets has no 'toy_none'"):
        open_source("tfds:toy_none")
    with pytest.raises(ValueError, match=r"toy_other has no articles: .* \(label, title\)"):
        open_source("tfds:toy_other")


def test_what_is_prepared_does_not_depend_on_processes(tmp_path, monkeypatch):
    monkeypatch.setattr(record_source, "CHUNK", 300)
    source = write_lines(tmp_path / "a.jsonl")
    contents = []
    for processes in (1, 2):
        prepare(source, tmp_path / str(processes), ALL_TRAIN, processes)
        files = sorted((tmp_path / str(processes)).iterdir())
        contents.append([path.read_bytes() for path in files])
    assert contents[0] == contents[1]


def test_chunks_are_the_same_from_wherever_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(record_source, "CHUNK", 300)
    source = opened(write_lines(tmp_path / "a.jsonl"))
    chunks = list(source.chunks())
    assert len(chunks) > 5
    assert list(source.chunks(4)) == chunks[4:]
    assert b"\n".join(chunks).split(b"\n") == (tmp_path / "a.jsonl").read_bytes().split(b"\n")[:-1]


@pytest.mark.parametrize("name,opener", [("a.json.gz", gzip.open), ("a.jsonl", open)])
def test_a_file_cut_short_is_prepared_up_to_the_fault(tmp_path, name, opener):
    source = write_lines(tmp_path / name, opener)
    source.write_bytes(source.read_bytes()[:-12])
    found = prepared(source, tmp_path / "out")
    assert len(found) >= 29 and set(found) <= set(ARTICLES)
    manifest = read_manifest(tmp_path / "out")
    assert not manifest["complete"] and manifest["damage"]


@pytest.mark.parametrize(
    "name,language", [("itwiki-2026.jsonl", "it"), ("articles.jsonl", "en"), ("de.jsonl", "en")]
)
def test_the_language_is_that_of_the_wiki_in_the_name(tmp_path, name, language):
    assert opened(write_lines(tmp_path / name)).site.language == language


def test_a_dump_is_no_other_source(tmp_path):
    assert open_source(tmp_path / "a.xml.bz2") is None


def test_a_source_without_text_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="holds no text: wanted files that end with .txt"):
        open_source(tmp_path)
    with pytest.raises(ValueError, match="no file .*gone.jsonl"):
        open_source(tmp_path / "gone.jsonl")
