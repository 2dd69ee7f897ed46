"""The data sets `wikipedia` and `wiki40b` of tensorflow-datasets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from pipelines.wikipedia.sources.record_source import RecordSource

PREFIX = "tfds:"


class TensorflowSource(RecordSource):
    """Reads all splits of a data set of articles: tfds:wikipedia/20230601.it, tfds:wiki40b/en.

    It is prepared first if it is not yet, in the folder that TFDS_DATA_DIR names. Preparing
    `wikipedia` itself needs Apache Beam.

    Raises:
        ValueError: there is no such data set, or its examples have no text.
    """

    def __init__(self, name: str):
        # What follows the last point or bar: "it" of 20230601.it, "zh-cn" of wiki40b/zh-cn.
        self._name = name.removeprefix(PREFIX)
        _, _, config = self._name.partition(":")[0].partition("/")
        super().__init__(Path(name), config.rpartition(".")[2] or "en")
        import tensorflow_datasets as tfds  # loads TensorFlow, which others do not need

        self._tfds = tfds
        try:
            self._builder = tfds.builder(self._name)
        except tfds.core.DatasetNotFoundError as error:
            said = str(error).partition("\n")[0]
            raise ValueError(f"tensorflow-datasets has no {self._name!r}: {said}") from None
        if not self._builder.is_prepared():
            self._builder.download_and_prepare()
        if "text" not in self._builder.info.features:
            known = ", ".join(sorted(self._builder.info.features))
            raise ValueError(f"{self._name} has no articles: no feature is called text ({known})")

    def lines(self) -> Iterator[bytes]:
        # In one order: files one after the other, without threads that race.
        reading = self._tfds.ReadConfig(interleave_cycle_length=1)
        for split in sorted(self._builder.info.splits):
            examples = self._builder.as_dataset(
                split=split, shuffle_files=False, read_config=reading
            )
            for example in self._tfds.as_numpy(examples):
                fields = {name: example[name] for name in ("title", "text") if name in example}
                yield orjson.dumps({name: text.decode("utf-8") for name, text in fields.items()})

    def identity(self) -> dict[str, Any]:
        info = self._builder.info
        return {
            "kind": "tensorflow_datasets",
            "name": info.full_name,
            "articles": {name: split.num_examples for name, split in sorted(info.splits.items())},
            "language": self.site.language,
        }
