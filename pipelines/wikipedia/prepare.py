"""Wikipedia dump -> a folder of JSON-lines shards, whole or not there at all."""

import dataclasses
import hashlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from pipelines.wikipedia.dump import Page, pages
from pipelines.wikipedia.passages import Passages
from pipelines.wikipedia.wikitext import paragraphs

MANIFEST = "manifest.json"
FORMAT = 1
SPLITS = ("train", "valid", "test")


@dataclasses.dataclass(frozen=True)
class HeldOut:
    """Chooses whole articles for "valid" and "test" by a hash of their title.

    The choice does not depend on the other articles, so a newer dump keeps it.
    """

    valid: float = 0.05
    test: float = 0.05

    def __post_init__(self):
        if min(self.valid, self.test) < 0 or self.valid + self.test >= 1:
            raise ValueError(
                "valid and test are shares of the articles, 0 or more and below 1 together, "
                f"not {self.valid} and {self.test}"
            )

    def split(self, title: str) -> str:
        """Names the split of an article."""
        digest = hashlib.blake2b(title.encode(), digest_size=8).digest()
        place = int.from_bytes(digest, "big") / 2**64
        if place < self.valid:
            return "valid"
        return "test" if place < self.valid + self.test else "train"


def prepare(
    dump: Path,
    output: Path,
    passages: Passages = Passages(),
    held_out: HeldOut = HeldOut(),
    shard_size: int = 100_000,
) -> dict:
    """Writes the passages of a dump's articles to `output`; returns the manifest.

    A line is {"title": ..., "text": ...}; files are `train-00000.jsonl` and so on, `shard_size`
    passages in each. The folder is written beside and renamed when it is whole, manifest included.

    Raises:
        ValueError: `output` is there already, or the dump cannot be read to its end.
    """
    if output.exists():
        raise ValueError(f"{output} is there already: remove it, or choose another folder")
    output.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{output.name}-", dir=output.parent))
    try:
        with _Shards(partial, shard_size) as shards:
            articles = _write(shards, dump, passages, held_out)
        manifest = {
            "format": FORMAT,
            "dump": dump.name,
            "passages": dataclasses.asdict(passages),
            "held_out": dataclasses.asdict(held_out),
            "splits": {
                split: {
                    "articles": articles[split],
                    "passages": shards.written[split],
                    "files": shards.files[split],
                }
                for split in SPLITS
            },
        }
        if not sum(articles.values()):
            raise ValueError(f"{dump} holds no articles with clean passages")
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        partial.chmod(0o755)
        partial.rename(output)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return manifest


def read_manifest(folder: Path) -> dict:
    """Reads what `prepare` wrote last.

    Raises:
        ValueError: the folder was not written by `prepare`, or by another version of it.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        hint = "write it with `python -m pipelines wikipedia DUMP FOLDER`"
        raise ValueError(f"{folder} holds no prepared Wikipedia ({error}); {hint}") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ValueError(f"{folder}: its manifest is not of format {FORMAT}; prepare it again")
    return manifest


def _write(shards: "_Shards", dump: Path, passages: Passages, held_out: HeldOut) -> Counter:
    """Writes all passages; returns how many articles each split has."""
    articles: Counter[str] = Counter()
    for page in pages(dump):
        if page.namespace or page.redirect is not None:
            continue
        split = held_out.split(page.title)
        # A sentence said twice in an article (a caption, a summary) is kept once.
        found = list(dict.fromkeys(_passages(page, passages)))
        articles[split] += bool(found)
        for text in found:
            shards.write(split, {"title": page.title, "text": text})
    return articles


def _passages(page: Page, passages: Passages) -> Iterator[str]:
    for paragraph in paragraphs(page.wikitext):
        yield from passages.cut(paragraph)


class _Shards:
    """Files of JSON lines in a folder, a new one each `size` lines of a split."""

    def __init__(self, folder: Path, size: int):
        if size < 1:
            raise ValueError(f"a shard holds at least 1 passage, not {size}")
        self._folder, self._size = folder, size
        self._open: dict[str, TextIO] = {}
        self.files: dict[str, list[str]] = {split: [] for split in SPLITS}
        self.written: Counter[str] = Counter()

    def __enter__(self) -> "_Shards":
        return self

    def __exit__(self, *error) -> None:
        for file in self._open.values():
            file.close()

    def write(self, split: str, record: dict) -> None:
        """Adds a line to the split's latest file."""
        if self.written[split] % self._size == 0:
            self._begin(split)
        self._open[split].write(json.dumps(record, ensure_ascii=False) + "\n")
        self.written[split] += 1

    def _begin(self, split: str) -> None:
        if split in self._open:
            self._open[split].close()
        name = f"{split}-{len(self.files[split]):05d}.jsonl"
        self.files[split].append(name)
        self._open[split] = open(self._folder / name, "w", encoding="utf-8", newline="\n")
