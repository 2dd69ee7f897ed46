"""The manifest of a prepared Wikipedia: written last, and read first."""

import json
from pathlib import Path
from typing import Any

from pipelines.whole_files import write_whole
from pipelines.wikipedia.counts import GroupedCounts

MANIFEST = "manifest.json"
FORMAT = 2  # of the folder; 1 had passages
SPLITS = ("train", "valid", "test")
LICENCE = {
    "name": "Creative Commons Attribution-ShareAlike 4.0 International (CC BY-SA 4.0)",
    "url": "https://creativecommons.org/licenses/by-sa/4.0/",
    "notice": (
        "The text was written by the contributors of the wiki that the dump is of, and is licensed "
        "under CC BY-SA; most of it also under the GNU Free Documentation License. It was changed: "
        "markup, tables, references and parts of articles were left out. Whoever passes it on, or "
        "what is adapted from it, has to give credit (a link to each article does), say that it "
        "was changed, link to the licence, and license it alike. Some parts, such as quotations, "
        "have terms of their own; see https://foundation.wikimedia.org/wiki/Policy:Terms_of_Use."
    ),
}

Files = dict[str, dict[str, Any]]  # name of a shard -> its articles, bytes and sha256


def write_manifest(
    folder: Path,
    request: dict[str, Any],
    damage: str,
    counts: GroupedCounts,
    files: dict[str, Files],
) -> dict[str, Any]:
    """Writes and returns the manifest of a folder.

    request: dump and options, as `describe` gives them
    counts: of each split its articles, paragraphs and sentences, and of other groups any
    files: of each split
    """
    splits = {
        split: {
            "articles": counts[split]["articles"],
            "paragraphs": counts[split]["paragraphs"],
            "sentences": counts[split]["sentences"],
            "files": dict(sorted(files[split].items())),
        }
        for split in SPLITS
    }
    manifest = request | {
        "complete": not damage,
        "damage": damage,
        # Whose a folder of text is, nobody knows here.
        "licence": None if request["dump"]["kind"] == "folder" else LICENCE,
        "counts": {
            group: numbers for group, numbers in counts.plain().items() if group not in SPLITS
        },
        "splits": splits,
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    write_whole(folder / MANIFEST, f"{text}\n")
    return manifest


def read_manifest(folder: Path) -> dict[str, Any]:
    """Reads what `write_manifest` wrote.

    Raises:
        ValueError: the folder was not written by `prepare`, or by another version of it.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        hint = "write it with `python -m pipelines wikipedia DUMP --output FOLDER`"
        raise ValueError(f"{folder} holds no prepared Wikipedia ({error}); {hint}") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ValueError(f"{folder}: its manifest is not of format {FORMAT}; prepare it again")
    return manifest
