"""Tests of the preparation by Apache Beam."""

import bz2
import dataclasses

import pytest
import small_dump

from pipelines.wikipedia.duplicates import Duplicates
from pipelines.wikipedia.preparation import Preparation
from pipelines.wikipedia.prepare import prepare
from pipelines.wikipedia.shards import Shards

WORDS = "the dog barks at noon every day of the year and nobody who hears it knows why".split()
OPTIONS = Preparation(shards=Shards(megabytes=0.02), duplicates=Duplicates(similarity=0.5))


def write_dump(path):
    """Writes a multistream dump with repeated paragraphs and articles nearly like others."""
    text = lambda n: " ".join(f"{word}{n}" for word in WORDS)
    pages = []
    for n in range(120):
        paragraphs = [f"A{text(n)}.", f"B{text(n % 50)}. It ends.", f"C{text(n)}. So it is."]
        if n % 7 == 0:
            paragraphs = [f"A{text(n % 3)}.", f"D{text(n % 3)}. Nearly the same, {n}."] * 3
        pages.append(small_dump.PAGE.format(f"Dog {n}", 0, n, "\n\n".join(paragraphs), ""))
    pages.append(small_dump.PAGE.format("Hound", 0, 500, "None.", '<redirect title="Dog 1"/>'))
    streams = ["<mediawiki>", *("".join(pages[n : n + 10]) for n in range(0, 130, 10))]
    path.write_bytes(b"".join(bz2.compress(f"{part}\n".encode()) for part in streams))
    with open(path, "ab") as file:
        file.write(bz2.compress(b"</mediawiki>"))
    return path


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".json"}


def require_the_same(tmp_path):
    """Prepares a dump with and without Beam, and compares shards and counts."""
    from pipelines.wikipedia.beam_preparation import prepare_with_beam

    dump = write_dump(tmp_path / "a.xml.bz2")
    wanted = prepare(dump, tmp_path / "plain", OPTIONS)
    left_out = [wanted["counts"][f"{unit} left out"] for unit in ("articles", "paragraphs")]
    assert left_out[0]["nearly an earlier one"] > 5 and left_out[1]["as an earlier one"] > 20
    assert len(wanted["splits"]["train"]["files"]) > 1
    found = prepare_with_beam(dump, tmp_path / "beam", OPTIONS, "DirectRunner", parts=5)
    assert content(tmp_path / "beam") == content(tmp_path / "plain")
    del wanted["counts"]["XML"]  # it depends on how a dump is divided
    assert found == wanted


def test_a_small_dump_gives_the_same_shards(tmp_path):
    pytest.importorskip("apache_beam", reason="apache-beam is not installed (extra: beam)")
    require_the_same(tmp_path)


@pytest.mark.slow
def test_beam_is_there_and_gives_the_same_shards(tmp_path):
    require_the_same(tmp_path)


def test_a_limit_is_an_error(tmp_path):
    pytest.importorskip("apache_beam", reason="apache-beam is not installed (extra: beam)")
    from pipelines.wikipedia.beam_preparation import prepare_with_beam

    dump = small_dump.write_dump(tmp_path / "a.xml")
    with pytest.raises(ValueError, match="limit"):
        prepare_with_beam(dump, tmp_path / "out", dataclasses.replace(OPTIONS, limit=3))
