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
    "ed trans Op op Art Ch Sec lit".split()
)
STARTERS = frozenset(
    "The A An In On At As By For From He She It They We I This That These Those There Their His "
    "Her Its But And Or So Yet If When While Although Though However After Before During Since "
    "Because Many Some Most Several Both Each Other Another One Two Three Such With Without Under "
    "Until To According Also Among Despite Following Later Thus Then Today What Who".split()
)
BOUNDARY = re.compile(r"""(?<=[.!?])(["'”’)\]]*)\s+(?=["'“‘(\[]*[A-Z0-9À-ÖØ-ÞĀ-ſΑ-ΩА-Я])""")
LAST_WORD = re.compile(r"([^\s(\[\"“']+)\.$")
NEXT_WORD = re.compile(r"[\"'“‘(\[]*(\w+)")


def split_sentences(text: str) -> list[str]:
    """Splits a paragraph: "He met Dr. Hu. They left." -> ["He met Dr. Hu.", "They left."]."""
    sentences, start = [], 0
    for found in BOUNDARY.finditer(text):
        before, after = text[start : found.start()], text[found.end() :][:40]
        if found[1] == "" and not _ends(before, after):
            continue
        sentence = text[start : found.end(1)]
        if not _balanced(sentence):
            continue
        sentences.append(sentence.strip())
        start = found.end()
    sentences.append(text[start:].strip())
    return [sentence for sentence in sentences if sentence]


def _ends(before: str, after: str) -> bool:
    """Says whether the full stop that ends `before` ends its sentence too."""
    word = LAST_WORD.search(before)
    if not word:
        return True
    last = word[1]
    following = NEXT_WORD.match(after)
    starter = following is not None and following[1] in STARTERS
    if last in TITLES:
        return False
    initial = len(last) == 1 and last.isupper()
    if initial or last in ABBREVIATIONS or re.fullmatch(r"(?:\w\.)+\w", last):
        return starter
    return True


def _balanced(sentence: str) -> bool:
    """Says whether every parenthesis that opens in the sentence closes in it."""
    return sentence.count("(") <= sentence.count(")")
