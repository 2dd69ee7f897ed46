"""HTML tags whose contents stay: what each leaves in the text."""

import re

from pipelines.wikipedia.marks import HOLE
from pipelines.wikipedia.superscripts import superscript

TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)(?=[\s/>])[^<>]*>")
RAISED = re.compile(r"<su([pb])\b[^<>]*>([^<>]*)</su[pb]\s*>", re.IGNORECASE)
BLOCKS = (
    "p,div,blockquote,center,ul,ol,dl,h1,h2,h3,h4,h5,h6,hr,table,tr,td,th,caption,tbody,thead,"
    "poem,section,article,aside,header,footer,main,nav,figure,figcaption,address"
)
INLINE = (
    "abbr,b,bdi,bdo,big,br,cite,code,data,del,dfn,em,font,i,ins,kbd,mark,noinclude,nowiki,"
    "onlyinclude,q,rb,ruby,s,samp,small,span,strike,strong,sub,sup,time,tt,u,var,wbr,ref,"
    "a,img,nobr,rtc,langconvert,ce,chem,math,gallery,pre,source,syntaxhighlight,includeonly"
)
LEFT = {
    **dict.fromkeys(INLINE.split(","), ""),
    **dict.fromkeys(BLOCKS.split(","), "\n\n"),
    "br": " ",
    "li": "\n* ",
    "dd": "\n: ",
    "dt": "\n; ",
}
# Ends of ordinals and of shortened titles: 5th, 1er, XIXe, Mme, 3º, Nos.
ENDINGS = frozenset(
    "st nd rd th er ère ere re e ème eme nde de me mes lle lles gr le os as o a ª º ste ter r s "
    "bis".split()
)


def remove_tags(text: str) -> str:
    """Removes tags: "10<sup>5</sup> H<sub>2</sub>O<br>is <b>wet</b>" -> "10⁵ H2O is wet".

    Tags of blocks end a paragraph, and <li> begins a list item. What is no HTML leaves a hole.
    """
    if "<" not in text:
        return text
    return TAG.sub(_left, RAISED.sub(_raised, text))


def _left(found: re.Match[str]) -> str:
    return LEFT.get(found[1].lower(), HOLE)


def _raised(found: re.Match[str]) -> str:
    """Keeps what reads on ("5th", "H2O"), and writes exponents so that 10⁵ is not 105."""
    inside = found[2].strip()
    if found[1] in "bB" or inside.lower() in ENDINGS or not inside:
        return inside
    return superscript(inside)
