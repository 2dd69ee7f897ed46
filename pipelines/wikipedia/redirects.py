"""Finds where a redirect leads by its text, which older dumps do not say otherwise."""

import re

# #REDIRECT in the languages of the larger wikis; English is understood in all of them.
WORDS = """
    redirect redirection redirección redireccion redirecionamento redirecționare
    redirecteaza weiterleitung rinvia rinvio rimando doorverwijzing aanstuur omdirigering
    omdiriger ohjaus uudelleenohjaus patrz przekieruj tam перенаправление перенапр
    перенаправлення перанакіраванне пренасочване виж пренасочување преусмери přesměruj
    presmeruj átirányítás yönlendirme yönlendir 転送 リダイレクト 重定向 重新導向 넘겨주기 تحويل تغییر_مسیر
    تغییرمسیر הפניה ανακατευθυνση birzuzendu đổi alih alidirektu suuna preusmjeri preusmeri
    preusmeritev अनुप्रेषित पुनर्प्रेषित เปลี่ยนทาง გადამისამართება վերահղում айдау ridrejto
    ail-cyfeirio ailgyfeirio adkas athsheoladh rindirizza tilvísun юнәлтү
""".split()
REDIRECT = re.compile(
    rf"\s*[#＃](?:{'|'.join(map(re.escape, WORDS))})\s*:?\s*\[\[\s*:?([^\[\]|\n]+)", re.IGNORECASE
)


def redirect_target(wikitext: str) -> str | None:
    """Returns the title that a page leads to, or None.

    redirect_target("#WEITERLEITUNG [[Erde#Mond|Mond]]") -> "Erde#Mond"
    """
    # Most pages are no redirects, and this is asked of every one.
    if not wikitext or wikitext[0] not in "#＃ \n\t":
        return None
    found = REDIRECT.match(wikitext)
    return found[1].strip().replace("_", " ") if found else None
