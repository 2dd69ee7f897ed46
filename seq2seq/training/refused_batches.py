"""Batches that were refused, put away for a look at them."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from pipelines.special_tokens import PAD
from pipelines.vocabulary import Tokenizers
from pipelines.whole_files import write_whole


class RefusedBatches:
    """Writes the batches of refused updates into a folder, the newest `most` of them.

    UPDATE.npz has the arrays source_0, target_0, labels_0 and weights_0 of the update's first
    batch, source_1 and so on of its second; UPDATE.txt has a line "source <tab> target" for each
    row with a target, where there are tokenizers.
    """

    def __init__(self, folder: Path, tokenizers: Tokenizers | None = None, most: int = 20):
        self.folder = Path(folder)
        self.tokenizers = tokenizers
        self.most = most

    def __call__(self, update: int, batches: Sequence) -> Path:
        """Puts (inputs, labels, weights), one or more, away -> the path of the file."""
        arrays: dict = {}
        for number, (inputs, labels, weights) in enumerate(batches):
            parts = inputs | {"labels": labels, "weights": weights}
            arrays |= {f"{name}_{number}": np.asarray(part) for name, part in parts.items()}
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)
        path = self.folder / f"{update}.npz"
        write_whole(path, buffer.getvalue())
        if self.tokenizers:
            lines = [line for batch in batches for line in self._lines(batch)]
            write_whole(path.with_suffix(".txt"), "".join(f"{line}\n" for line in lines))
        self._forget()
        return path

    def _lines(self, batch) -> list[str]:
        """Reads a batch's pairs, those of padding left out."""
        inputs, labels, _ = batch
        real = tf.reduce_any(labels != PAD, axis=-1)
        sides = zip(self.tokenizers or (), (inputs["source"], labels))
        source, target = (_texts(tokenizer, ids[real]) for tokenizer, ids in sides)
        return [f"{left}\t{right}" for left, right in zip(source, target)]

    def _forget(self) -> None:
        updates = sorted(int(path.stem) for path in self.folder.glob("[0-9]*.npz"))
        for update in updates[: -self.most]:
            for path in self.folder.glob(f"{update}.*"):
                path.unlink()


def _texts(tokenizer, ids) -> list[str]:
    texts = tokenizer.detokenize(tf.RaggedTensor.from_tensor(ids, padding=PAD))
    return [" ".join(text.decode("utf-8", "replace").split()) for text in texts.numpy()]
