"""Tests of files of articles."""

import gzip
import hashlib
import random

import pytest
import tensorflow as tf

from pipelines.faults import Fault
from pipelines.wikipedia.article import Article, Section, to_line
from pipelines.wikipedia.examples import features, from_example, to_example
from pipelines.wikipedia.shards import Shards, read_articles

KINDS = [("json_lines", "zst"), ("json_lines", "gz"), ("json_lines", "none")]
KINDS += [("tfrecord", "gz"), ("tfrecord", "none")]


def dog(number):
    """An article of `number` sections, of which the nth has n paragraphs of 0 to 2 sentences."""
    draw = random.Random(number)
    words = lambda: f"Ü {draw.random()}"
    paragraphs = lambda count: [[words() for _ in range(draw.randrange(3))] for _ in range(count)]
    sections = [Section(words(), draw.randint(1, 6), paragraphs(n)) for n in range(number)]
    return Article(number, f"Dog {number}", sections)


DOGS = [dog(number) for number in range(6)]


@pytest.mark.parametrize("kind, compression", KINDS)
def test_every_kind_of_shard_gives_back_the_articles(kind, compression, tmp_path):
    shards = Shards(kind, compression)
    path = tmp_path / shards.name("train", 1, 12)
    digest = shards.write(path, map(to_line, DOGS))
    assert list(read_articles(path)) == DOGS
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kind, compression", KINDS)
def test_the_same_articles_are_the_same_bytes(kind, compression, tmp_path):
    shards = Shards(kind, compression)
    assert len({shards.write(tmp_path / name, map(to_line, DOGS)) for name in "ab"}) == 1


@pytest.mark.parametrize("kind, compression", KINDS)
def test_a_shard_without_articles_can_be_read(kind, compression, tmp_path):
    shards = Shards(kind, compression)
    path = tmp_path / shards.name("test", 0, 1)
    shards.write(path, [])
    assert list(read_articles(path)) == []


@pytest.mark.parametrize("kind, compression", KINDS)
def test_a_shard_that_breaks_off_is_an_error(kind, compression, tmp_path):
    if (kind, compression) == ("json_lines", "none"):
        pytest.skip("of plain lines, only the sha256 of the manifest tells")
    shards = Shards(kind, compression)
    path = tmp_path / shards.name("train", 0, 1)
    shards.write(path, map(to_line, DOGS))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ValueError, match="to its end"):
        list(read_articles(path))


def test_names_say_split_number_format_and_compression():
    assert Shards().name("train", 3, 12) == "train-00003-of-00012.jsonl.zst"
    assert Shards("tfrecord", "none").name("test", 0, 1) == "test-00000-of-00001.tfrecord"


def test_records_are_read_in_the_graph_as_sections_of_paragraphs_of_sentences():
    parsed = tf.io.parse_example([to_example(article) for article in DOGS], features())
    assert parsed["id"].numpy().tolist() == list(range(6))
    nested = [
        [
            [[sentence.encode() for sentence in paragraph] for paragraph in section.paragraphs]
            for section in article.sections
        ]
        for article in DOGS
    ]
    assert parsed["sentences"].to_list() == nested
    assert parsed["levels"].to_list() == [[s.level for s in a.sections] for a in DOGS]


@pytest.mark.parametrize("record", [b"", b"dog", to_example(DOGS[2])[:-3]])
def test_a_record_of_something_else_is_a_fault(record):
    with pytest.raises(Fault, match="not an article"):
        from_example(record)


def test_a_line_of_something_else_is_a_fault_that_names_file_and_line(tmp_path):
    with gzip.open(tmp_path / "a.jsonl.gz", "wb") as file:
        file.write(to_line(DOGS[0]) + b"\n{}\n")
    with pytest.raises(Fault, match=r"a\.jsonl\.gz:2: not an article"):
        list(read_articles(tmp_path / "a.jsonl.gz"))


def test_shards_are_as_many_as_the_size_needs_or_as_asked_for_in_training():
    assert [Shards(megabytes=1).count("train", size) for size in (0, 1, 10**6, 10**6 + 1)] == [
        0,
        1,
        1,
        2,
    ]
    assert Shards(train=7).count("train", 10) == 7
    assert Shards(train=7).count("valid", 10) == 1


@pytest.mark.parametrize(
    "options", [{"kind": "tfrecord"}, {"megabytes": 0}, {"train": -1}], ids=str
)
def test_shards_that_cannot_be_are_an_error(options):
    with pytest.raises(ValueError, match="TFRecords|shards hold"):
        Shards(**options)
