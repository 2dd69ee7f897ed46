"""Tokenized examples in shards: all that fits is kept, once; the rest is counted."""

import json

import numpy as np
import pytest
import tensorflow as tf

from pipelines.records import MANIFEST, Limits, Records, serialize, write_records
from pipelines.special_tokens import PAD, UNKNOWN
from pipelines.tokenizers.bytes import FIRST, Bytes
from pipelines.vocabulary import Tokenizers

TOKENIZERS = Tokenizers(Bytes(), Bytes())
PAIRS = [(f"source {n}", f"target number {n}") for n in range(300)]


def ids(text):
    return tuple(FIRST + byte for byte in text.encode())


class Numbers:
    """Reads ids as they are written: "7 8" -> [7, 8]."""

    def __init__(self, size):
        self.size = size

    def tokenize(self, text):
        return tf.strings.to_number(tf.strings.split(text), tf.int32)


def read(records):
    """Returns the examples of each shard, as tuples of ids."""
    shards = []
    for file in records.files:
        serialized = list(tf.data.TFRecordDataset(file).as_numpy_iterator())
        pool = records.parse(tf.constant(serialized, tf.string))
        rows = zip(pool["source"].numpy().tolist(), pool["target"].numpy().tolist())
        real = lambda side: tuple(id for id in side if id != PAD)
        shards.append([(real(source), real(target)) for source, target in rows])
    return shards


def all_of(records):
    return sorted(example for shard in read(records) for example in shard)


def test_what_is_written_is_read_again(tmp_path):
    pairs = [*PAIRS, ("é", "日本")]
    records = write_records(pairs, TOKENIZERS, tmp_path / "train")
    assert all_of(records) == sorted((ids(source), ids(target)) for source, target in pairs)
    assert all_of(Records(tmp_path / "train")) == all_of(records)


def packed(*examples):
    return [serialize(source, target, np.dtype(np.uint16)) for source, target in examples]


def test_an_example_is_packed_as_the_docstring_shows():
    assert serialize([7, 8], [5], np.dtype(np.uint16)) == bytes([2, 0, 7, 0, 8, 0, 5, 0])
    assert serialize([7], [5], np.dtype(np.int32)) == bytes([1, 0, 0, 0, 7, 0, 0, 0, 5, 0, 0, 0])


def test_parsing_pads_what_was_packed(tmp_path):
    records = write_records([("a", "b")], TOKENIZERS, tmp_path / "train")
    pool = records.parse(packed(([7, 8], [5]), ([9], [6, 4, 6])))
    assert pool["source"].numpy().tolist() == [[7, 8], [9, PAD]]
    assert pool["target"].numpy().tolist() == [[5, PAD, PAD], [6, 4, 6]]
    assert {side.dtype for side in pool.values()} == {tf.int32}


def test_lengths_are_known_without_parsing(tmp_path):
    records = write_records([("a", "b")], TOKENIZERS, tmp_path / "train")
    source, target = records.lengths(packed(([7, 8], [5]), ([9], [6, 4, 6])))
    assert source.numpy().tolist() == [2, 1] and target.numpy().tolist() == [1, 3]


def test_no_record_at_all_is_no_row(tmp_path):
    records = write_records([("a", "b")], TOKENIZERS, tmp_path / "train")
    nothing = tf.constant([], tf.string)
    assert [side.shape for side in records.lengths(nothing)] == [[0], [0]]
    assert {side.shape[0] for side in records.parse(nothing).values()} == {0}


@pytest.mark.parametrize(
    "source, target, limit, width",
    [(65536, 65536, 65535, 2), (65537, 9, 9, 4), (9, 65537, 9, 4), (9, 9, 65536, 4)],
)
def test_ids_take_two_bytes_where_all_of_them_and_every_length_fit(
    tmp_path, source, target, limit, width
):
    tokenizers = Tokenizers(Numbers(source), Numbers(target))
    pair = f"{source - 1} {UNKNOWN}", f"{target - 1}"
    records = write_records([pair], tokenizers, tmp_path / "train", Limits(limit, 9), shards=1)
    assert all_of(records) == [((source - 1, UNKNOWN), (target - 1,))]
    (record,) = tf.data.TFRecordDataset(records.files)
    assert len(record.numpy()) == 4 * width


@pytest.mark.parametrize("found", [None, 1, 2, "x"])
def test_records_of_another_format_are_refused(tmp_path, found):
    records = write_records(PAIRS[:5], TOKENIZERS, tmp_path / "train")
    manifest = json.loads((records.folder / MANIFEST).read_text())
    del manifest["format"]
    other = manifest if found is None else manifest | {"format": found}
    (records.folder / MANIFEST).write_text(json.dumps(other))
    with pytest.raises(ValueError, match="format .* wanted 3: remove the folder"):
        Records(records.folder)


def test_more_examples_than_are_tokenized_together_are_all_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.records.CHUNK", 7)
    records = write_records(iter(PAIRS), TOKENIZERS, tmp_path / "train")
    assert all_of(records) == sorted((ids(source), ids(target)) for source, target in PAIRS)


def test_examples_and_tokens_are_counted_without_marks(tmp_path):
    records = write_records([("ab", "c"), ("d", "efgh")], TOKENIZERS, tmp_path / "train")
    assert records.counts == {"examples": 2, "source tokens": 3, "target tokens": 5}


def test_a_side_fits_if_it_fits_with_its_mark(tmp_path):
    pairs = [("aaa", "bb"), ("aaaa", "b"), ("a", "bbb"), ("aaaa", "bbb"), ("a", "b")]
    records = write_records(pairs, TOKENIZERS, tmp_path / "train", Limits(source=4, target=3))
    assert all_of(records) == [(ids("a"), ids("b")), (ids("aaa"), ids("bb"))]
    assert records.counts["source too long"] == 2
    assert records.counts["target too long"] == 1
    assert records.counts["examples"] == 2


def test_a_long_source_may_be_cut_instead(tmp_path):
    limits = Limits(source=4, target=3, cut_source=True)
    records = write_records([("abcde", "x"), ("a", "xyz")], TOKENIZERS, tmp_path / "train", limits)
    assert all_of(records) == [(ids("abc"), ids("x"))]
    assert records.counts["target too long"] == 1


def test_examples_with_an_empty_side_are_left_out_and_counted(tmp_path):
    pairs = [("", "b"), ("a", ""), ("", ""), ("a", "b")]
    records = write_records(pairs, TOKENIZERS, tmp_path / "train")
    assert all_of(records) == [(ids("a"), ids("b"))]
    assert records.counts["empty side"] == 3


@pytest.mark.parametrize("pairs", [[], [("", "")], [("a" * 99, "b")]])
def test_records_without_an_example_are_an_error_and_no_folder(tmp_path, pairs):
    with pytest.raises(ValueError, match="no example is left"):
        write_records(pairs, TOKENIZERS, tmp_path / "train", Limits(9, 9))
    assert not list(tmp_path.iterdir())


def test_examples_are_scattered_over_all_shards(tmp_path):
    records = write_records(PAIRS, TOKENIZERS, tmp_path / "train", shards=4)
    sizes = [len(shard) for shard in read(records)]
    assert sum(sizes) == 300 and min(sizes) > 40
    place = {(ids(source), ids(target)): n for n, (source, target) in enumerate(PAIRS)}
    for shard in read(records):  # each holds early examples and late ones
        assert min(place[example] for example in shard) < 50
        assert max(place[example] for example in shard) > 250


def test_the_same_seed_gives_the_same_shards(tmp_path):
    def shards(name, seed):
        return read(write_records(PAIRS, TOKENIZERS, tmp_path / name, shards=4, seed=seed))

    assert shards("a", 1) == shards("b", 1) != shards("c", 2)


def test_a_folder_is_replaced_whole(tmp_path):
    write_records(PAIRS, TOKENIZERS, tmp_path / "train", shards=9)
    records = write_records([("a", "b")], TOKENIZERS, tmp_path / "train", shards=2)
    assert all_of(records) == [(ids("a"), ids("b"))]
    names = sorted(path.name for path in (tmp_path / "train").iterdir())
    assert names == ["00000-of-00002.tfrecord", "00001-of-00002.tfrecord", MANIFEST]


def broken():
    yield from PAIRS[:50]
    raise ValueError("train.en:51: empty line")


def test_an_error_on_the_way_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="train.en:51"):
        write_records(broken(), TOKENIZERS, tmp_path / "train")
    assert not list(tmp_path.iterdir())


def test_an_error_on_the_way_leaves_the_old_folder(tmp_path):
    before = all_of(write_records(PAIRS[:9], TOKENIZERS, tmp_path / "train"))
    with pytest.raises(ValueError, match="train.en:51"):
        write_records(broken(), TOKENIZERS, tmp_path / "train")
    assert all_of(Records(tmp_path / "train")) == before
    assert [path.name for path in tmp_path.iterdir()] == ["train"]


def test_a_folder_without_its_manifest_is_not_taken_for_whole(tmp_path):
    records = write_records(PAIRS, TOKENIZERS, tmp_path / "train")
    (records.folder / MANIFEST).unlink()
    with pytest.raises(ValueError, match=f"holds no records .{MANIFEST} is missing"):
        Records(tmp_path / "train")


def test_the_manifest_is_written_last(tmp_path):
    seen = []

    def watching():
        for pair in PAIRS[:20]:
            seen.extend(tmp_path.rglob(MANIFEST))
            yield pair

    records = write_records(watching(), TOKENIZERS, tmp_path / "train")
    assert seen == []
    assert json.loads((records.folder / MANIFEST).read_text())["examples"] == 20


def test_a_removal_that_is_interrupted_leaves_no_folder_taken_for_whole(tmp_path, monkeypatch):
    write_records(PAIRS, TOKENIZERS, tmp_path / "train")

    def killed(folder, ignore_errors):
        if folder == tmp_path / "train":
            raise KeyboardInterrupt

    monkeypatch.setattr("pipelines.records.shutil.rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        write_records(PAIRS[:5], TOKENIZERS, tmp_path / "train")
    with pytest.raises(ValueError, match="holds no records"):
        Records(tmp_path / "train")
