"""Looks for any of many words and phrases in a text, in one pass."""

import ahocorasick


class BlockList:
    """Finds phrases in a text, as whole words, capitals aside: Aho and Corasick (1975).

    Raises:
        ValueError: a phrase is empty.
    """

    def __init__(self, phrases: list[str]):
        self._automaton = ahocorasick.Automaton()
        for phrase in phrases:
            phrase = " ".join(phrase.lower().split())
            if not phrase:
                raise ValueError("a block list has a phrase without any words")
            self._automaton.add_word(phrase, len(phrase))
        self._automaton.make_automaton()

    def finds(self, text: str) -> bool:
        """Says whether a phrase is in the text: "ass" is not in "class", 走 is in 他走了."""
        text = text.lower()
        return any(
            not _inside_word(text, end + 1) and not _inside_word(text, end + 1 - length)
            for end, length in self._automaton.iter(text)
        )


def _inside_word(text: str, place: int) -> bool:
    """Says whether letters or digits of a script with spaces stand on both sides of a place."""
    if not 0 < place < len(text):
        return False
    # From the radicals on, scripts do not write words apart; Hangul, which does, inflects them.
    return all(side.isalnum() and side < "\u2e80" for side in text[place - 1 : place + 1])
