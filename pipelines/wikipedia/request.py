"""What is asked for when a dump is prepared: which dump, and which options."""

import dataclasses
import hashlib
import re
from typing import Any

from pipelines.wikipedia.dump import Dump
from pipelines.wikipedia.manifest import FORMAT
from pipelines.wikipedia.preparation import Preparation

NAME = re.compile(r"(?:([a-z]\w*)-)?(?:(\d{8})|latest)-")  # enwiki-20260101-pages-articles...
END = 1 << 20  # bytes of the beginning and the end of a dump that its fingerprint is of


def describe(source: Dump, preparation: Preparation) -> dict[str, Any]:
    """Describes a dump and what is asked to become of it: the beginning of the manifest."""
    path, site = source.path, source.site
    named = NAME.match(path.name)
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        digest.update(file.read(END))
        file.seek(max(0, source.size - END))
        digest.update(file.read())
    return {
        "format": FORMAT,
        "dump": {
            "name": path.name,
            "wiki": named[1] if named else None,
            "date": named[2] if named else None,
            "bytes": source.size,
            "fingerprint": digest.hexdigest(),
            "schema": site.version,
            "language": site.language,
        },
        "options": dataclasses.asdict(preparation),
    }
