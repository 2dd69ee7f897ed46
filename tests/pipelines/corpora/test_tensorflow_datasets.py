"""Tests of the corpus from tensorflow-datasets, on a small data set built here."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from pipelines import plugins
from pipelines.corpora.corpus import Corpus
from pipelines.corpora.tensorflow_datasets import TensorflowDatasets


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Writes a data set "toy_talks" of 10 and 2 examples; the eighth has an empty text."""
    text = tfds.features.Text()
    features = {"translation": {"de": text, "en": text}, "id": tfds.features.Scalar(np.int32)}
    folder = tmp_path_factory.mktemp("tfds")
    inner = folder / "toy_talks" / "1.0.0"
    inner.mkdir(parents=True)
    place = tfds.core.DatasetIdentity("toy_talks", "1.0.0", data_dir=str(inner), module_name="")
    info = tfds.core.DatasetInfo(builder=place, features=tfds.features.FeaturesDict(features))
    writer = tfds.core.SequentialWriter(info, max_examples_per_shard=5)
    for split, size in (("train", 10), ("test", 2)):
        writer.initialize_splits([split])
        writer.add_examples({split: [example(key) for key in range(size)]})
    writer.close_all()
    return str(folder)


def example(key: int) -> dict:
    english = "" if key == 7 else f"number {key}"
    return {"translation": {"de": f"Zahl {key}", "en": english}, "id": key}


def talks(folder, **options):
    options = {"source": "translation/de", "target": "translation/en", "data_dir": folder} | options
    return TensorflowDatasets("toy_talks", **options)


def test_features_inside_features_become_source_and_target(folder):
    assert list(talks(folder).pairs("test")) == [("Zahl 0", "number 0"), ("Zahl 1", "number 1")]


def test_splits_can_be_slices(folder):
    corpus = talks(folder, splits={"train": "train[:80%]", "valid": "train[80%:]"}, faulty="drop")
    assert corpus.splits() == ["train", "valid"]
    train, valid = set(corpus.pairs("train")), set(corpus.pairs("valid"))
    assert len(train | valid) == 9
    assert not train & valid


def test_the_size_is_known_where_nothing_can_be_dropped(folder):
    assert talks(folder).size("train") == 10
    assert talks(folder, faulty="drop").size("train") is None


def test_faulty_examples_are_errors_or_counted(folder):
    with pytest.raises(ValueError, match=r"toy_talks, train, example \d+: empty feature"):
        list(talks(folder).pairs("train"))
    corpus = talks(folder, faulty="drop")
    assert len(list(corpus.pairs("train"))) == 9
    assert corpus.dropped == {"empty feature": 1}


def test_a_missing_feature_is_an_error_that_names_the_known_ones(folder):
    with pytest.raises(ValueError, match=r"'translation/fr' \(known: 'de', 'en'\)"):
        list(talks(folder, target="translation/fr").pairs("test"))


def test_a_feature_that_is_not_text_is_an_error(folder):
    with pytest.raises(ValueError, match="'id' is int32"):
        list(talks(folder, target="id").pairs("test"))


def test_an_unknown_split_is_an_error_that_names_the_known_ones(folder):
    with pytest.raises(ValueError, match=r"no split 'dev' \(known: "):
        talks(folder).pairs("dev")


def test_a_recipe_section_builds_the_corpus(folder):
    section = {
        "kind": "tensorflow_datasets",
        "name": "toy_talks",
        "source": "translation/de",
        "target": "translation/en",
        "data_dir": folder,
    }
    corpus = plugins.build("pipelines.corpora", Corpus, section)
    assert len(list(corpus.examples("test"))) == 2
