"""Any data set that the package tensorflow-datasets knows or has prepared on disk."""

from collections.abc import Iterator

import tensorflow_datasets as tfds

from pipelines.corpora.corpus import Corpus, Pair
from pipelines.faults import Fault, Faulty, keep_good, require_split


class TensorflowDatasets(Corpus):
    """Reads two text features of a tensorflow-datasets data set, prepared first if it is not yet.

    TensorflowDatasets("ted_hrlr_translate/pt_to_en", source="pt", target="en"). `splits` gives
    each split the name it has there, slices included: {"train": "train[:90%]", "valid":
    "train[90%:]"}; without it, the splits are those of the data set. A feature inside a feature
    is written "translation/en". With `faulty` "drop", faulty examples are left out and counted by
    reason in `dropped`, which starts again with each read of a split.
    """

    def __init__(
        self,
        name: str,
        source: str,
        target: str,
        data_dir: str | None = None,
        splits: dict[str, str] | None = None,
        faulty: Faulty = "error",
    ):
        try:
            self._builder = tfds.builder(name, data_dir=data_dir)
        except tfds.core.DatasetNotFoundError as error:
            said = str(error).partition("\n")[0]
            raise ValueError(f"tensorflow-datasets has no {name!r}: {said}") from None
        self._features = (source, target)
        self._splits = None if splits is None else dict(splits)
        self._name, self._faulty = name, faulty

    def splits(self) -> list[str]:
        return list(self._named())

    def pairs(self, split: str) -> Iterator[Pair]:
        named = self._named()
        require_split(split, named)
        dataset = self._builder.as_dataset(split=named[split], shuffle_files=False)
        examples = enumerate(tfds.as_numpy(dataset), start=1)
        self.dropped.clear()
        return keep_good(
            examples,
            lambda item: self._pair(item[1], f"{self._name}, {split}, example {item[0]}"),
            self._faulty,
            self.dropped,
        )

    def size(self, split: str) -> int | None:
        """Says how many examples the split has; None if faulty ones may be dropped."""
        named = self._named()
        require_split(split, named)
        if self._faulty == "drop":
            return None
        return self._builder.info.splits[named[split]].num_examples

    def _named(self) -> dict[str, str]:
        if not self._builder.is_prepared():
            self._builder.download_and_prepare()
        if self._splits is None:
            return {name: name for name in self._builder.info.splits}
        return self._splits

    def _pair(self, example: dict, place: str) -> Pair:
        source, target = (_text(example, feature, place) for feature in self._features)
        return source, target


def _text(value: object, feature: str, place: str) -> str:
    """Returns the text of a feature, which may be a path such as "translation/en"."""
    for name in feature.split("/"):
        if not isinstance(value, dict) or name not in value:
            known = ", ".join(map(repr, value)) if isinstance(value, dict) else "none"
            raise Fault("missing feature", place, f"{feature!r} (known: {known})")
        value = value[name]
    if not isinstance(value, bytes):
        raise Fault("not a text", place, f"{feature!r} is {type(value).__name__}")
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        raise Fault("invalid UTF-8", place, repr(feature)) from None
    if not text or text.isspace():
        raise Fault("empty feature", place, repr(feature))
    return text
