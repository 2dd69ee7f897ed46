"""What is asked for: which text is prepared, and by which options."""

import dataclasses
from typing import Any

from pipelines.wikipedia.manifest import FORMAT
from pipelines.wikipedia.preparation import Preparation
from pipelines.wikipedia.sources.source import Source


def describe(source: Source, preparation: Preparation) -> dict[str, Any]:
    """Describes a source and what is asked to become of it: the beginning of the manifest."""
    return {
        "format": FORMAT,
        "dump": source.identity(),
        "options": dataclasses.asdict(preparation),
    }
