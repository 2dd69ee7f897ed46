"""Words as they are spoken -> text with case and punctuation."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from pipelines.objectives.objective import Objective, Pair
from pipelines.wikipedia.article import Article
from pipelines.wikipedia.passages import Passages

# What a speech recogniser writes: letters, digits and spoken symbols (16%, R&D, $5), apostrophes
# inside words (don't, rock 'n' roll without its outer ones), and points, commas and colons inside
# numbers (3.5, 1,000, 10:30). Hyphens and dashes part words, as they do in speech.
UNSPOKEN = re.compile(
    r"(?<=\d)(?P<point>[.,:])(?=\d)|(?<=[^\W_])(?P<apostrophe>['’])(?=[^\W_])|[^\w\s%&@$€£°+§]|_"
)


@dataclass(frozen=True)
class Restore(Objective):
    """Makes "in 1850 he didn't rest" -> "In 1850, he didn't rest."

    The source is what a speech recogniser writes of a passage: see `speak`.

    passages: how paragraphs are cut. What an article says twice is kept once.
    """

    passages: Passages = Passages()

    def pairs(self, article: Article) -> Iterator[Pair]:
        for text in dict.fromkeys(chain(*map(self.passages.cut, article.paragraphs()))):
            if spoken := speak(text):
                yield spoken, text


def speak(text: str) -> str:
    """Writes text as a speech recogniser does: "Well-known? Don't!" -> "well known don't"."""
    keep = UNSPOKEN.sub(lambda found: found["point"] or ("'" if found["apostrophe"] else " "), text)
    return " ".join(keep.lower().split())
