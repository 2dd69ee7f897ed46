"""The options that the prepared text depends on."""

import dataclasses

from pipelines import configuration, plugins
from pipelines.wikipedia.duplicates import Duplicates
from pipelines.wikipedia.filters import Filters
from pipelines.wikipedia.held_out import HeldOut
from pipelines.wikipedia.personal import PersonalData
from pipelines.wikipedia.quality import Quality
from pipelines.wikipedia.shards import Shards
from pipelines.wikipedia.site import Site

SECTIONS = {"quality": Quality, "personal": PersonalData, "duplicates": Duplicates}


@dataclasses.dataclass(frozen=True)
class Preparation:
    """What becomes of a dump.

    language: of the text, such as "it"; by default the one that the dump names
    limit: articles to keep, the first in the dump; 0 keeps all
    seed: of the order in which articles are scattered over shards
    quality, personal: what is left out of the text or replaced in it
    duplicates: what is left out since it came before
    held_out: which articles are kept for validation and testing
    """

    language: str = ""
    limit: int = 0
    seed: int = 0
    quality: Quality = Quality()
    personal: PersonalData = PersonalData()
    duplicates: Duplicates = Duplicates()
    held_out: HeldOut = HeldOut()
    shards: Shards = Shards()

    def __post_init__(self):
        if self.limit < 0:
            raise ValueError(f"the limit is a number of articles, or 0 for all, not {self.limit}")

    @classmethod
    def changed(cls, changes: list[str], **options) -> "Preparation":
        """Builds one from options, and from changes such as "quality.least_words=3".

        Raises:
            ValueError: a change is not of a section's known option.
        """
        sections: dict = {name: {} for name in SECTIONS}
        for change in changes:
            configuration.apply(change, sections)
        for name in sections.keys() - SECTIONS.keys():
            raise ValueError(f"unknown section {name!r} (known: {', '.join(SECTIONS)})")
        parts = {
            name: kind(**plugins.check(kind, sections[name])) for name, kind in SECTIONS.items()
        }
        return cls(**parts, **options)

    def filters(self, site: Site) -> Filters:
        """Returns what makes articles of a site's paragraphs."""
        return Filters(self.language or site.language, self.quality, self.personal)
