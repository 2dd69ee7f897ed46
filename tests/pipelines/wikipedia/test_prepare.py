"""Tests of the way from a dump to a folder of shards, on real articles where it matters."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from gensim.test.utils import datapath

from pipelines.wikipedia.prepare import MANIFEST, HeldOut, prepare, read_manifest

DUMP = datapath("enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2")
HEAD = "<mediawiki>"
PAGE = (
    "<page><title>{0}</title><ns>{1}</ns><id>1</id>{3}<revision><text>{2}</text></revision></page>"
)


@pytest.fixture
def small(tmp_path):
    """Writes a dump of 20 articles with two sentences each, a redirect and a talk page."""
    articles = [PAGE.format(f"Dog {n}", 0, f"Dog {n} barks. Dog {n} runs.", "") for n in range(20)]
    redirect = PAGE.format("Hound", 0, "This is a redirect.", '<redirect title="Dog 1"/>')
    talk = PAGE.format("Talk:Dog 1", 1, "This is some talk.", "")
    path = tmp_path / "small.xml"
    path.write_text(HEAD + "".join([*articles, redirect, talk]) + "</mediawiki>")
    return path


def passages(folder, split):
    files = read_manifest(folder)["splits"][split]["files"]
    return [json.loads(line) for name in files for line in (folder / name).read_text().splitlines()]


def everything(folder):
    return [passage for split in ("train", "valid", "test") for passage in passages(folder, split)]


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real") / "wikipedia"
    prepare(Path(DUMP), folder)
    return everything(folder)


def test_articles_become_passages_and_nothing_else_does(small, tmp_path):
    prepare(small, tmp_path / "out")
    wanted = {f"Dog {n} {does}." for n in range(20) for does in ("barks", "runs")}
    found = everything(tmp_path / "out")
    assert {passage["text"] for passage in found} == wanted
    assert len(found) == 40
    assert all(passage["text"].startswith(passage["title"]) for passage in found)


def test_an_article_is_in_one_split_and_the_choice_depends_on_its_title_only(small, tmp_path):
    held_out = HeldOut(valid=0.3, test=0.3)
    prepare(small, tmp_path / "out", held_out=held_out)
    for split in ("train", "valid", "test"):
        assert passages(tmp_path / "out", split)
        for passage in passages(tmp_path / "out", split):
            assert held_out.split(passage["title"]) == split


def test_held_out_articles_come_in_the_shares_asked_for():
    splits = [HeldOut(valid=0.2, test=0.1).split(f"title {n}") for n in range(5000)]
    assert abs(splits.count("valid") / 5000 - 0.2) < 0.02
    assert abs(splits.count("test") / 5000 - 0.1) < 0.02


def test_a_larger_share_keeps_the_articles_of_a_smaller_one():
    titles = [f"title {n}" for n in range(500)]
    small = {title for title in titles if HeldOut(valid=0.1).split(title) == "valid"}
    large = {title for title in titles if HeldOut(valid=0.3).split(title) == "valid"}
    assert small < large


def test_shards_hold_so_many_passages_and_the_manifest_counts_them(small, tmp_path):
    manifest = prepare(small, tmp_path / "out", held_out=HeldOut(0, 0), shard_size=15)
    assert manifest == read_manifest(tmp_path / "out")
    assert manifest["splits"]["train"] == {
        "articles": 20,
        "passages": 40,
        "files": ["train-00000.jsonl", "train-00001.jsonl", "train-00002.jsonl"],
    }
    lines = (tmp_path / "out" / "train-00002.jsonl").read_text().splitlines()
    assert len(lines) == 10


def test_the_same_dump_gives_the_same_bytes(small, tmp_path):
    digests = set()
    for name in ("a", "b"):
        prepare(small, tmp_path / name)
        files = sorted((tmp_path / name).iterdir())
        digests.add(hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest())
    assert len(digests) == 1


def test_a_preparation_that_fails_leaves_nothing(small, tmp_path):
    small.write_text(small.read_text()[:-20])
    with pytest.raises(ValueError, match=r"small\.xml is not whole XML"):
        prepare(small, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["small.xml"]


def test_a_folder_that_is_there_is_never_written_over(small, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(ValueError, match="out is there already"):
        prepare(small, tmp_path / "out")


def test_a_folder_without_a_manifest_is_not_taken_for_whole(tmp_path):
    with pytest.raises(ValueError, match="holds no prepared Wikipedia"):
        read_manifest(tmp_path)
    (tmp_path / MANIFEST).write_text('{"format": 99}')
    with pytest.raises(ValueError, match="not of format 1"):
        read_manifest(tmp_path)


def test_a_dump_without_articles_is_an_error(tmp_path):
    (tmp_path / "a.xml").write_text("<mediawiki></mediawiki>")
    with pytest.raises(ValueError, match="holds no articles"):
        prepare(tmp_path / "a.xml", tmp_path / "out")


@pytest.mark.parametrize("valid, test", [(-0.1, 0.5), (0.5, 0.5)])
def test_shares_that_leave_nothing_to_train_on_are_an_error(valid, test):
    with pytest.raises(ValueError, match="shares of the articles"):
        HeldOut(valid, test)


def test_real_articles_give_plenty_of_sentences(real):
    assert len(real) > 13_000
    assert len({passage["title"] for passage in real}) > 95


def test_no_markup_is_left_of_real_articles(real):
    markup = re.compile(
        r"\{\{|\}\}|\[\[|\]\]|<\w|&\w+;|''|==|\bthumb\||\bhttps?:"
        r"|\(\s|\s\)|\(\)|\s[,;:]|,,|[\ufffc\u2060]"
    )
    assert [passage["text"] for passage in real if markup.search(passage["text"])] == []


def test_real_sentences_begin_with_a_capital_and_end_with_a_mark(real):
    whole = re.compile(r"[\"'“‘(]*[^\W\d_a-z].*[.!?][\"'”’)]*", re.DOTALL)
    assert [passage["text"] for passage in real if not whole.fullmatch(passage["text"])] == []
