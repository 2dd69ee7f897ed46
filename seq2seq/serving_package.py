"""All that lies in the folder of an exported version."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from seq2seq.batching_parameters import BATCHING
from seq2seq.generator import Generator
from seq2seq.model_card import About
from seq2seq.serving_json import serving_json
from seq2seq.serving_samples import write_samples
from seq2seq.traced_model import DEFAULT, TracedModel
from seq2seq.warmup import Request, write_requests

MANY = 4  # batches that every signature is asked about
LARGE = 8  # rows of a large request; the server's joined ones run the same graph
LONG = 4  # samples in a long text: what is built for it serves longer ones


def write_package(
    generator: Generator,
    folder: Path,
    batches: list[list[bytes]],
    signatures: Sequence[str] = (),
    about: About = About(),
) -> None:
    """Writes a version that is not checked yet: the model, and what lies beside it.

    Args:
        batches: of texts, usual ones first, whose answers are kept for the check; of those after
            the fourth, the answers of `serving_default` alone.
        signatures: beside `serving_default` [all].
        about: what the model's card tells.

    Raises:
        ValueError: a signature is unknown, or the model fails on a batch.
    """
    model = TracedModel(generator, signatures)
    model.save(folder)
    first, more = batches[:MANY], batches[MANY:]
    samples = [model.ask(name, batch) for name in model.graphs for batch in first]
    write_samples(folder, samples + [model.ask(DEFAULT, batch) for batch in more])
    texts = [text for text in batches[0] if text] or [b"a"]
    write_requests(folder, list(_warm_up(model, texts)))
    serving = serving_json(model, texts[0])
    (folder / "serving.json").write_text(json.dumps(serving, indent=1, ensure_ascii=False) + "\n")
    # A version that is not published yet lies in the model's folder already.
    (folder / "README.md").write_text(about.card(folder.parent.resolve().name, serving))
    (folder / "batching_params.pbtxt").write_text(BATCHING)


def _warm_up(model: TracedModel, texts: list[bytes]) -> Iterator[Request]:
    """Yields requests to each signature: one row and many, of short texts and of long ones."""
    long = b" ".join((texts * LONG)[:LONG])
    for name, signature in model.signatures.items():
        for rows in (texts[:1], [long], (texts * LARGE)[:LARGE], [long] * LARGE):
            yield name, model.arrays(name, signature.ask(rows))
