"""What a model learns from passages alone: each objective makes (source, target) of a passage.

A passage is {"title": text, "text": text}. An objective is a function of options that returns
a function passage -> (source, target); a recipe names it: {"kind": "denoise", "delete": 0.2}.
To add one, write it here and name it in OBJECTIVES.
"""

import hashlib
import random
import re
from collections.abc import Callable

from pipelines import plugins
from pipelines.faults import Fault
from pipelines.wikipedia.sentences import split_sentences

Pair = tuple[str, str]
Objective = Callable[[dict], Pair]

# What a speech recogniser writes: letters, digits and spoken symbols (16%, R&D, $5), apostrophes
# inside words (don't, rock 'n' roll without its outer ones), and points, commas and colons inside
# numbers (3.5, 1,000, 10:30). Hyphens and dashes part words, as they do in speech.
UNSPOKEN = re.compile(
    r"(?<=\d)(?P<point>[.,:])(?=\d)|(?<=[^\W_])(?P<apostrophe>['’])(?=[^\W_])|[^\w\s%&@$€£°+§]|_"
)


def find_objective(section: dict) -> Objective:
    """Builds the objective that a section names: {"kind": "restore"} -> restore().

    Raises:
        ValueError: no kind, an unknown kind, or an option that it does not have.
    """
    options = dict(section)
    kind = options.pop("kind", None)
    if kind not in OBJECTIVES:
        raise ValueError(f"unknown kind {kind!r} of objective (known: {', '.join(OBJECTIVES)})")
    return OBJECTIVES[kind](**plugins.check(OBJECTIVES[kind], options))


def restore() -> Objective:
    """Makes "in 1850 he didn't rest" -> "In 1850, he didn't rest."

    The source is what a speech recogniser writes of the passage: see `speak`.
    """

    def pair(passage: dict) -> Pair:
        return speak(passage["text"]), passage["text"]

    return pair


def title() -> Objective:
    """Makes text -> title of its article."""

    def pair(passage: dict) -> Pair:
        return passage["text"], passage["title"]

    return pair


def lead() -> Objective:
    """Makes what follows a passage's first sentence -> its first sentence.

    Passages of one sentence are faulty: prepare the dump with more (`--sentences 8`), and have
    the corpus drop those that are still too short.
    """

    def pair(passage: dict) -> Pair:
        sentences = split_sentences(passage["text"])
        if len(sentences) < 2:
            raise Fault("one sentence only", detail="lead wants passages of two or more")
        return " ".join(sentences[1:]), sentences[0]

    return pair


def denoise(delete: float = 0.1, swap: float = 0.1, seed: int = 0) -> Objective:
    """Makes passage with words missing and moved -> passage: Lewis et al. (2020), section 2.2.

    Each word is deleted with probability `delete`, and what is left changes places with the next
    word with probability `swap`. The noise is a function of seed and passage only, so that each
    epoch and each machine sees the same.
    """
    for name, value in (("delete", delete), ("swap", swap)):
        if not 0 <= value < 1:
            raise ValueError(f"denoise: {name} is a probability below 1, not {value}")

    def pair(passage: dict) -> Pair:
        digest = hashlib.blake2b(f"{seed} {passage['text']}".encode(), digest_size=8).digest()
        chance = random.Random(int.from_bytes(digest, "big"))
        words = passage["text"].split()
        # One word stays, whatever is drawn: an empty source teaches nothing.
        kept = [word for word in words if chance.random() >= delete] or words[:1]
        for index in range(len(kept) - 1):
            if chance.random() < swap:
                kept[index : index + 2] = kept[index + 1], kept[index]
        return " ".join(kept), passage["text"]

    return pair


OBJECTIVES: dict[str, Callable[..., Objective]] = {
    objective.__name__: objective for objective in (restore, title, lead, denoise)
}


def speak(text: str) -> str:
    """Writes text as a speech recogniser does: "Well-known? Don't!" -> "well known don't"."""
    keep = UNSPOKEN.sub(lambda found: found["point"] or ("'" if found["apostrophe"] else " "), text)
    return " ".join(keep.lower().split())
