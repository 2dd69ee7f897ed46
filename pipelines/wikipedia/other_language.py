"""Tells text in another language, by Compact Language Detector 2."""

import functools

# Codes of Wikipedias whose language has another code in CLD2.
CODES = {"he": "iw", "jv": "jw", "nb": "no", "simple": "en", "be-tarask": "be", "be-x-old": "be"}
LEAST = 200  # bytes; shorter texts are often names, or quoted
SURE = 90  # percent of the text


def other_language(text: str, language: str) -> str | None:
    """Returns the code of the language that a text surely is in, if that is not `language`.

    None where nothing is sure: short texts, mixed ones, names.

    Raises:
        ValueError: the language is not known, or the package is not installed.
    """
    detector, code = _detector(language)
    packed = text.encode()
    if len(packed) < LEAST:
        return None
    try:
        reliable, _, ((_, found, percent, _), *_) = detector.detect(packed)
    except detector.error:
        return None  # it takes no control characters
    surely = reliable and percent >= SURE and found.partition("-")[0] not in (code, "un")
    return found if surely else None


@functools.cache
def _detector(language: str):
    """Returns the module, which few need, and its code for a language."""
    try:
        import pycld2
    except ImportError:
        hint = "pip install 'keras-seq2seq[languages]'"
        raise ValueError(f"telling languages apart needs the package pycld2: {hint}") from None
    code = CODES.get(language, language)
    names = {of: name for name, of in pycld2.LANGUAGES}
    if names.get(code) not in pycld2.DETECTED_LANGUAGES:
        raise ValueError(f"languages cannot be told from {language!r}: pycld2 does not know it")
    return pycld2, code
