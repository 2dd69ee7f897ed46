"""Tests of the way from a dump to a folder of shards."""

import collections
import dataclasses
import errno
import gzip
import hashlib
import itertools
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time

import pytest
import small_dump

from pipelines.wikipedia import blocks, workers
from pipelines.wikipedia.duplicates import Duplicates
from pipelines.wikipedia.held_out import HeldOut
from pipelines.wikipedia.manifest import MANIFEST, read_manifest
from pipelines.wikipedia.preparation import Preparation
from pipelines.wikipedia.prepare import prepare
from pipelines.wikipedia.shards import Shards, read_articles

TITLES = [f"Dog {n}" for n in range(60)]
ALL_TRAIN = Preparation(held_out=HeldOut(0, 0))


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Makes chunks, runs and buckets small, as `small_dump` does for programs."""
    monkeypatch.setattr(small_dump.module, "Dump", small_dump.module.Dump)
    monkeypatch.setattr(small_dump.plan, "LEAST", 0)
    monkeypatch.setattr(small_dump.plan, "PIECE", 0)
    small_dump.make_small()


@pytest.fixture
def dump(tmp_path):
    return small_dump.write_dump(tmp_path / "small.xml")


def articles(folder, split):
    files = read_manifest(folder)["splits"][split]["files"]
    return [article for name in files for article in read_articles(folder / name)]


def everything(folder):
    return [article for split in ("train", "valid", "test") for article in articles(folder, split)]


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Prepares the small dump, never killed -> (dump, what its folder holds)."""
    folder = tmp_path_factory.mktemp("whole")
    dump = small_dump.write_dump(folder / "small.xml")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small_dump.module, "Dump", small_dump.module.Dump)
        patch.setattr(small_dump.plan, "LEAST", 0)
        patch.setattr(small_dump.plan, "PIECE", 0)
        small_dump.make_small()
        prepare(dump, folder / "out", small_dump.SMALL)
    return dump, content(folder / "out")


def test_articles_are_written_and_nothing_else_is(dump, tmp_path):
    prepare(dump, tmp_path / "out")
    found = everything(tmp_path / "out")
    assert sorted(article.title for article in found) == sorted(TITLES)
    for article in found:
        name = article.title
        (section,) = article.sections
        assert section.paragraphs == [
            [f"{name} barks at noon.", f"{name} runs."],
            [f"Cats hate {name.lower()}."],
        ]
        assert article.id == int(name[4:])


def test_an_article_is_in_the_split_that_its_title_decides(dump, tmp_path):
    held_out = HeldOut(valid=0.3, test=0.3)
    prepare(dump, tmp_path / "out", Preparation(held_out=held_out))
    for split in ("train", "valid", "test"):
        titles = [article.title for article in articles(tmp_path / "out", split)]
        assert titles and {held_out.split(title) for title in titles} == {split}


def test_held_out_articles_come_in_the_shares_asked_for():
    splits = [HeldOut(valid=0.2, test=0.1).split(f"title {n}") for n in range(5000)]
    assert abs(splits.count("valid") / 5000 - 0.2) < 0.02
    assert abs(splits.count("test") / 5000 - 0.1) < 0.02


def test_a_larger_share_keeps_the_articles_of_a_smaller_one():
    titles = [f"title {n}" for n in range(500)]
    small = {title for title in titles if HeldOut(valid=0.1).split(title) == "valid"}
    large = {title for title in titles if HeldOut(valid=0.3).split(title) == "valid"}
    assert small < large


def test_the_manifest_counts_what_there_is(dump, tmp_path):
    manifest = prepare(dump, tmp_path / "out", small_dump.SMALL)
    assert manifest == read_manifest(tmp_path / "out")
    assert manifest["complete"] and not manifest["damage"]
    assert manifest["counts"]["pages"] == {"article": 60, "other namespace": 1, "redirect": 1}
    assert manifest["dump"]["name"] == "small.xml" and manifest["dump"]["language"] == "en"
    assert "CC BY-SA" in manifest["licence"]["notice"]
    for split, numbers in manifest["splits"].items():
        found = articles(tmp_path / "out", split)
        paragraphs = [paragraph for article in found for paragraph in article.paragraphs()]
        assert numbers["articles"] == len(found) > 0
        assert numbers["paragraphs"] == len(paragraphs)
        assert numbers["sentences"] == sum(map(len, paragraphs))
        for name, facts in numbers["files"].items():
            written = (tmp_path / "out" / name).read_bytes()
            assert facts["bytes"] == len(written)
            assert facts["sha256"] == hashlib.sha256(written).hexdigest()
            assert facts["articles"] == len(list(read_articles(tmp_path / "out" / name)))


def test_articles_are_scattered_over_shards_in_an_order_of_the_seed(dump, tmp_path):
    orders = []
    for seed in (1, 2):
        shards = Shards(train=4)
        options = dataclasses.replace(ALL_TRAIN, seed=seed, shards=shards)
        prepare(dump, tmp_path / str(seed), options)
        files = read_manifest(tmp_path / str(seed))["splits"]["train"]["files"]
        assert list(files) == [shards.name("train", n, 4) for n in range(4)]
        for name in files:
            numbers = [article.id for article in read_articles(tmp_path / str(seed) / name)]
            # Of 60 articles, a shard with none of the first or none of the last half is not random.
            assert min(numbers) < 30 <= max(numbers)
        orders.append([article.id for article in everything(tmp_path / str(seed))])
        assert orders[-1] != sorted(orders[-1])
    assert orders[0] != orders[1] and sorted(orders[0]) == sorted(orders[1])


def test_how_much_is_held_at_once_changes_no_article(dump, tmp_path, monkeypatch):
    options = dataclasses.replace(ALL_TRAIN, shards=Shards(train=1))
    prepare(dump, tmp_path / "a", options)
    monkeypatch.setattr(small_dump.plan, "LEAST", 10**6)
    prepare(dump, tmp_path / "b", options)
    assert content(tmp_path / "a") == content(tmp_path / "b")


def test_killed_at_any_moment_it_goes_on_to_the_same_bytes(whole, tmp_path):
    program = [sys.executable, small_dump.__file__, whole[0], tmp_path / "out"]
    subprocess.run([*program, "each", "9"], check=True, timeout=100)
    folders = list((tmp_path / "out").iterdir())
    assert len(folders) > 20 and not [folder for folder in folders if folder.name[0] == "."]
    for folder in folders:
        assert content(folder) == whole[1]


def test_killed_again_and_again_it_ends_with_the_same_bytes(whole, tmp_path):
    draw = random.Random(0)
    events = [str(draw.randrange(8, 60)) for _ in range(10)]
    program = [sys.executable, small_dump.__file__, whole[0], tmp_path / "out"]
    subprocess.run([*program, *events], check=True, timeout=100)
    assert content(tmp_path / "out") == whole[1]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_is_finished_is_left_as_it_is(dump, tmp_path):
    manifest = prepare(dump, tmp_path / "out")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    assert prepare(dump, tmp_path / "out") == manifest
    assert times == {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}


@pytest.mark.parametrize("finished", [True, False])
def test_another_request_for_the_same_folder_is_an_error(finished, dump, tmp_path):
    prepare(dump, tmp_path / "out") if finished else die_of_a_full_disk(dump, tmp_path / "out")
    with pytest.raises(ValueError, match=r"otherwise \(options.seed was 0 and is 3 now\)"):
        prepare(dump, tmp_path / "out", Preparation(seed=3))
    dump.write_text(dump.read_text().replace("noon", "nine"))
    with pytest.raises(ValueError, match=r"otherwise \(dump.fingerprint was"):
        prepare(dump, tmp_path / "out")


def die_of_a_full_disk(dump, output, written=3):
    """Prepares on a disk that has room for so many files of a phase."""
    left = itertools.count(written, -1)
    write = blocks.write_whole

    def fail(path, content):
        if next(left) <= 0:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        write(path, content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "write_whole", fail)
        with pytest.raises(OSError, match="no space is left for .*out; make room, and give"):
            prepare(dump, output)


@pytest.mark.parametrize("written", [0, 3, 10])
def test_a_full_disk_loses_nothing(written, dump, tmp_path):
    die_of_a_full_disk(dump, tmp_path / "out", written)
    assert not (tmp_path / "out").exists()
    prepare(dump, tmp_path / "out")
    prepare(dump, tmp_path / "again")
    assert content(tmp_path / "out") == content(tmp_path / "again")


def test_two_at_once_are_an_error(dump, tmp_path):
    def second(progress):
        with pytest.raises(ValueError, match="another process is preparing"):
            prepare(dump, tmp_path / "out")

    prepare(dump, tmp_path / "out", watch=second)


@pytest.mark.parametrize("limit", [1, 7, 8, 9, 30, 60, 100])
def test_a_limit_keeps_the_first_articles_of_the_dump(limit, dump, tmp_path):
    prepare(dump, tmp_path / "out", Preparation(limit=limit))
    found = sorted(article.id for article in everything(tmp_path / "out"))
    assert found == list(range(min(limit, 60)))


def test_of_a_damaged_dump_everything_before_the_fault_is_prepared(dump, tmp_path):
    path = tmp_path / "cut.xml.gz"
    path.write_bytes(gzip.compress(dump.read_bytes()[:5000]))
    manifest = prepare(path, tmp_path / "out")
    assert not manifest["complete"] and "cut.xml.gz" in manifest["damage"]
    found = sorted(article.id for article in everything(tmp_path / "out"))
    assert found == list(range(dump.read_bytes()[:5000].count(b"</page>")))


def test_a_dump_without_articles_is_an_error(tmp_path):
    (tmp_path / "a.xml").write_text(
        f"<mediawiki>{small_dump.PAGE.format('A', 0, 1, '', '')}</mediawiki>"
    )
    with pytest.raises(ValueError, match="holds no articles"):
        prepare(tmp_path / "a.xml", tmp_path / "out")


@pytest.mark.parametrize("valid, test", [(-0.1, 0.5), (0.5, 0.5)])
def test_shares_that_leave_nothing_to_train_on_are_an_error(valid, test):
    with pytest.raises(ValueError, match="shares of the articles"):
        HeldOut(valid, test)


def test_a_folder_without_a_manifest_is_not_taken_for_whole(dump, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(ValueError, match="holds no prepared Wikipedia"):
        prepare(dump, tmp_path / "out")
    (tmp_path / "out" / MANIFEST).write_text('{"format": 99}')
    with pytest.raises(ValueError, match="not of format 2"):
        read_manifest(tmp_path / "out")


def test_results_come_in_order_from_few_items_at_a_time():
    taken = 0

    def items():
        nonlocal taken
        for number in range(40):
            taken += 1
            yield number
        raise ValueError("the items broke")

    with workers.Workers(2, context=100) as two:
        results = []
        with pytest.raises(ValueError, match="the items broke"):
            for result in two.map(add, items()):
                results.append(result)
                assert taken <= len(results) + 1 + 2 * workers.HELD
    assert results == list(range(100, 140))


def test_one_of_the_processes_is_the_one_that_makes_the_items():
    with workers.Workers(2, context=None) as two:
        processes = collections.Counter(two.map(pid, range(100)))
    assert len(processes) == 2 and os.getpid() in processes


def test_an_error_comes_after_the_results_before_it():
    for processes in (1, 2, 3):
        with workers.Workers(processes, context=30) as some:
            results = []
            with pytest.raises(ZeroDivisionError):
                for result in some.map(divide, range(60)):
                    results.append(result)
        assert results == list(range(30))


def test_a_process_that_is_killed_is_an_error_that_says_what_to_do():
    with workers.Workers(2, context=None) as two:
        with pytest.raises(ChildProcessError, match="was killed; the same command goes on"):
            list(two.map(die, range(5)))


def die(context, item):
    if multiprocessing.parent_process() is not None:
        os.kill(os.getpid(), signal.SIGKILL)


def pid(context, item):
    time.sleep(0.01)
    return os.getpid()


def divide(context, item):
    return item if item < context else 1 // 0


def add(context, item):
    return context + item


LONG = (
    "The dog barks at noon every day of the year, and nobody who hears it knows the reason of it."
)
OTHER = (
    "A cat sleeps all day in the shade of the old tree, where no dog has ever found it, or looked."
)


def test_what_came_before_is_left_out_and_counted(tmp_path):
    texts = {
        "First": f"{LONG} {LONG}\n\n{OTHER} {OTHER}",
        "Twin": f"{LONG} {LONG}\n\n{OTHER} {OTHER}",
        "Quotes": f"Only this is new here.\n\n{LONG} {LONG}\n\n== End ==\n\n{OTHER} {OTHER}",
        "Other": "Nothing like it.",
    }
    pages = [small_dump.PAGE.format(*item, "") for item in enumerate_pages(texts)]
    (tmp_path / "a.xml").write_text(f"<mediawiki>{''.join(pages)}</mediawiki>")
    options = dataclasses.replace(ALL_TRAIN, duplicates=Duplicates(similarity=0.95))
    manifest = prepare(tmp_path / "a.xml", tmp_path / "out", options)
    found = {article.title: article for article in everything(tmp_path / "out")}
    assert set(found) == {"First", "Quotes", "Other"}
    assert list(found["Quotes"].paragraphs()) == [["Only this is new here."]]
    assert len(found["First"].sections[0].paragraphs) == 2
    assert manifest["counts"]["articles left out"] == {"nearly an earlier one": 1}
    assert manifest["counts"]["paragraphs left out"] == {"as an earlier one": 2}
    train = manifest["splits"]["train"]
    assert (train["articles"], train["paragraphs"], train["sentences"]) == (3, 4, 6)


def test_duplicates_are_kept_where_that_is_asked_for(tmp_path):
    pages = [small_dump.PAGE.format(*item, "") for item in enumerate_pages({"A": LONG, "B": LONG})]
    (tmp_path / "a.xml").write_text(f"<mediawiki>{''.join(pages)}</mediawiki>")
    options = dataclasses.replace(ALL_TRAIN, duplicates=Duplicates(paragraph=0, similarity=0))
    prepare(tmp_path / "a.xml", tmp_path / "out", options)
    assert len(everything(tmp_path / "out")) == 2


def enumerate_pages(texts):
    return [(title, 0, number, text) for number, (title, text) in enumerate(texts.items())]
