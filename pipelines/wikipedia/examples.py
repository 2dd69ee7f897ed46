"""Articles as tf.train.Example records in TFRecord files; only this file loads TensorFlow."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import tensorflow as tf
from google.protobuf.message import DecodeError

from pipelines.faults import Fault
from pipelines.wikipedia.article import Article, Section, from_line

COMPRESSIONS = {"none": "", "gz": "GZIP"}


def features() -> dict:
    """Says how tf.io.parse_example reads records [N] of articles.

    "sentences" is ragged, [N, sections, paragraphs, sentences]; "titles" and "levels" are those of
    the sections, [N, sections]; "id" and "title" are [N].
    """
    row_lengths = tf.io.RaggedFeature.RowLengths
    parts = (row_lengths("paragraphs"), row_lengths("lengths"))
    return {
        "id": tf.io.FixedLenFeature([], tf.int64),
        "title": tf.io.FixedLenFeature([], tf.string),
        "titles": tf.io.RaggedFeature(tf.string),
        "levels": tf.io.RaggedFeature(tf.int64),
        "sentences": tf.io.RaggedFeature(tf.string, "sentences", parts),
    }


def to_example(article: Article) -> bytes:
    """Writes an article as a record.

    Article(12, "Dog", [Section("", 1, [["A.", "B."], ["C."]])]) -> id 12, title "Dog", titles [""],
    levels [1], paragraphs [2] of each section, lengths [2, 1] of each paragraph, sentences ["A.",
    "B.", "C."]
    """
    paragraphs = list(article.paragraphs())
    sections = article.sections
    texts = lambda values: tf.train.Feature(
        bytes_list=tf.train.BytesList(value=[value.encode() for value in values])
    )
    numbers = lambda values: tf.train.Feature(int64_list=tf.train.Int64List(value=values))
    feature = {
        "id": numbers([article.id]),
        "title": texts([article.title]),
        "titles": texts(section.title for section in sections),
        "levels": numbers(section.level for section in sections),
        "paragraphs": numbers(len(section.paragraphs) for section in sections),
        "lengths": numbers(map(len, paragraphs)),
        "sentences": texts(sentence for paragraph in paragraphs for sentence in paragraph),
    }
    example = tf.train.Example(features=tf.train.Features(feature=feature))
    return example.SerializeToString(deterministic=True)


def from_example(record: bytes) -> Article:
    """Reads what `to_example` wrote.

    Raises:
        Fault: it is something else.
    """
    try:
        feature = tf.train.Example.FromString(record).features.feature
        texts = lambda name: [text.decode() for text in feature[name].bytes_list.value]
        numbers = lambda name: list(feature[name].int64_list.value)
        sentences, lengths = iter(texts("sentences")), iter(numbers("lengths"))
        take = lambda: [next(sentences) for _ in range(next(lengths))]
        titles, levels, counts = texts("titles"), numbers("levels"), numbers("paragraphs")
        sections = [
            Section(title, level, [take() for _ in range(count)])
            for title, level, count in zip(titles, levels, counts, strict=True)
        ]
        (number,), (title,) = numbers("id"), texts("title")
    except (DecodeError, ValueError, RuntimeError, StopIteration) as error:
        raise Fault("not an article", detail=f"{type(error).__name__}: {error}") from None
    return Article(number, title, sections)


def write_examples(path: Path, lines: Iterable[bytes], compression: str) -> None:
    """Writes articles, given as lines of JSON, as records of a file."""
    with tf.io.TFRecordWriter(str(path), COMPRESSIONS[compression]) as writer:
        for line in lines:
            writer.write(to_example(from_line(line)))


def read_examples(path: Path) -> Iterator[Article]:
    """Yields the articles of a file.

    Raises:
        Fault: a record is no article; it names file and record, counted from 1.
        ValueError: the file cannot be read to its end.
    """
    compression = COMPRESSIONS["gz" if path.suffix == ".gz" else "none"]
    try:
        for number, record in enumerate(tf.data.TFRecordDataset(str(path), compression), 1):
            try:
                yield from_example(record.numpy())
            except Fault as fault:
                raise fault.at(f"{path}:{number}") from None
    except tf.errors.OpError as error:
        raise ValueError(f"cannot read {path} to its end: {error.message}") from None
