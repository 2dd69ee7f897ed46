"""Splits English text into sentences by rule."""

import re

# Followed by a name or a number; a sentence never ends with them.
TITLES = frozenset(
    "Mr Mrs Ms Dr Prof Rev Fr Hon Gen Col Lt Capt Cmdr Sgt Maj Adm Brig Gov Pres Sir St Ste Mt Ft "
    "Vol Vols pp Fig Figs Eq eds c ca cf vs v viz e.g i.e fl b d r Messrs Mme Mlle approx".split()
)
# May end a sentence: only a word that often begins one decides that it does.
ABBREVIATIONS = frozenset(
    "Jr Sr Inc Ltd Co Corp Bros etc al Ph.D B.Sc M.Sc Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct "
    "Nov Dec Ave Blvd Rd Mass Calif Conn Univ Dept est sp spp var subsp esp incl No Nos Sen Rep "
    "ed trans Op op Art Ch Sec lit no nos".split()
)
STARTERS = frozenset(
    "The A An In On At As By For From He She It They We I This That These Those There Their His "
    "Her Its But And Or So Yet If When While Although Though However After Before During Since "
    "Because Many Some Most Several Both Each Other Another One Two Three Such With Without Under "
    "Until To According Also Among Despite Following Later Thus Then Today What Who".split()
)
JOINER = "\u2060"  # U+2060 WORD JOINER after the mark of a title: "Yahoo!\u2060 is" goes on
BOUNDARY = re.compile(r"""(?<=[.!?])(["'”’)\]\u2060]*)\s+(?=["'“‘(\[]*[A-Z0-9À-ÖØ-ÞĀ-ſΑ-ΩА-Я])""")
LAST_WORD = re.compile(r"([^\s(\[\"“']+)\.$")
LETTERS = re.compile(r"(?:\w\.)+\w")  # U.S, a.m, J.R
ENUMERATION = re.compile(r"(?:^|[,;:] |\b\d{1,2}\. .*\b(?:and|or) )\(?\d{1,2}\.$")
NEXT_WORD = re.compile(r"[\"'“‘(\[]*(\w+)")


def split_sentences(text: str) -> list[str]:
    """Splits a paragraph: "He met Dr. Hu. They left." -> ["He met Dr. Hu.", "They left."].

    After a JOINER, which is not kept, only a word that often begins a sentence begins one.
    """
    sentences, start = [], 0
    for found in BOUNDARY.finditer(text):
        before, after = text[start : found.start()], text[found.end() :][:40]
        if JOINER in found[1] and not _starts(after):
            continue
        if found[1] == "" and not _ends(before, after):
            continue
        sentence = text[start : found.end(1)]
        if not _balanced(sentence):
            continue
        sentences.append(sentence.strip())
        start = found.end()
    sentences.append(text[start:].strip())
    return [sentence.replace(JOINER, "") for sentence in sentences if sentence]


def _ends(before: str, after: str) -> bool:
    """Says whether the full stop that ends `before` ends its sentence too."""
    word = LAST_WORD.search(before)
    if not word:
        return True
    last = word[1]
    if last in TITLES or ENUMERATION.search(before):
        return False
    initial = len(last) == 1 and last.isupper()
    if initial or last in ABBREVIATIONS or LETTERS.fullmatch(last):
        return _starts(after)
    return True


def _starts(after: str) -> bool:
    """Says whether `after` begins with a word that often begins a sentence, and no initial."""
    word = NEXT_WORD.match(after)
    return word is not None and word[1] in STARTERS and not after.startswith(("A.", "I."))


def _balanced(sentence: str) -> bool:
    """Says whether every parenthesis that opens in the sentence closes in it."""
    return sentence.count("(") <= sentence.count(")")
