import os

import numpy as np
import small_task
import tensorflow as tf

from pipelines.special_tokens import END, START
from pipelines.tokenizers.characters import Characters
from pipelines.vocabulary import Tokenizers
from seq2seq.training.refused_batches import RefusedBatches

A, B, C = range(4, 7)


def test_what_was_put_away_is_all_of_the_batches(tmp_path):
    batches = [batch for _, *batch in small_task.make_batches(2)]
    path = RefusedBatches(tmp_path / "refused")(7, batches)
    assert path == tmp_path / "refused" / "7.npz"
    with np.load(path, allow_pickle=False) as kept:
        assert len(kept.files) == 8
        for number, (inputs, labels, weights) in enumerate(batches):
            parts = inputs | {"labels": labels, "weights": weights}
            for name, part in parts.items():
                np.testing.assert_array_equal(kept[f"{name}_{number}"], part)
    assert os.listdir(tmp_path / "refused") == ["7.npz"]


def test_texts_can_be_read_beside_them(tmp_path):
    tokenizer = Characters(list("abc"))
    source = tf.constant([[A, B, 0], [0, 0, 0], [C, B, A]])
    target, labels = tf.constant([[START, C], [0, 0], [START, 0]]), [[C, END], [0, 0], [END, 0]]
    batch = ({"source": source, "target": target}, tf.constant(labels), tf.ones([3, 2]))
    RefusedBatches(tmp_path, Tokenizers(tokenizer, tokenizer))(3, [batch, batch])
    assert (tmp_path / "3.txt").read_text() == 2 * "ab\tc\ncba\t\n"


def test_only_the_newest_stay(tmp_path):
    keep = RefusedBatches(tmp_path, most=2)
    batches = [batch for _, *batch in small_task.make_batches(1)]
    for update in (8, 9, 10, 100):
        keep(update, batches)
    assert sorted(os.listdir(tmp_path)) == ["10.npz", "100.npz"]
