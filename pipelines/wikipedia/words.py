"""Counts words, also of scripts that write none apart."""

import re

# Thai, Lao, Tibetan, Burmese, Khmer, kana and Han.
UNSPACED = re.compile(
    r"[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]"
)


def count_words(text: str) -> int:
    """Counts what spaces part; two characters of a script without spaces are a word, too.

    count_words("He left.") -> 2; count_words("他昨天走了。") -> 3 (five characters, and the mark)
    """
    spaces = text.count(" ") + 1
    return spaces if text.isascii() else spaces + len(UNSPACED.findall(text)) // 2
