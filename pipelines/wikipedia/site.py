"""What a dump says of its wiki: language, names of namespaces, version of the export's schema."""

import re
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from pipelines.wikipedia.damaged_dump import DamagedDump

# Every wiki understands these beside its own: https://www.mediawiki.org/wiki/Help:Namespaces.
ENGLISH = {
    -2: "Media",
    -1: "Special",
    0: "",
    1: "Talk",
    2: "User",
    3: "User talk",
    4: "Project",
    5: "Project talk",
    6: "File",
    7: "File talk",
    8: "MediaWiki",
    9: "MediaWiki talk",
    10: "Template",
    11: "Template talk",
    12: "Help",
    13: "Help talk",
    14: "Category",
    15: "Category talk",
    100: "Portal",
    101: "Portal talk",
    710: "TimedText",
    711: "TimedText talk",
    828: "Module",
    829: "Module talk",
}
# Older names of the file namespace, which pages still use and <siteinfo> does not tell.
OLDER_FILE_NAMES = {
    "ar": ("صورة",),
    "bg": ("Картинка",),
    "ca": ("Imatge",),
    "cs": ("Obrázek",),
    "da": ("Billede",),
    "de": ("Bild",),
    "el": ("Εικόνα",),
    "es": ("Imagen",),
    "et": ("Pilt",),
    "eu": ("Irudi",),
    "fa": ("تصویر",),
    "fi": ("Kuva",),
    "gl": ("Imaxe",),
    "he": ("תמונה",),
    "hr": ("Slika",),
    "hu": ("Kép",),
    "id": ("Gambar",),
    "it": ("Immagine",),
    "ja": ("画像",),
    "ko": ("그림",),
    "lt": ("Vaizdas",),
    "nb": ("Bilde",),
    "nl": ("Afbeelding",),
    "no": ("Bilde",),
    "pl": ("Grafika",),
    "pt": ("Imagem", "Arquivo", "Ficheiro"),
    "ro": ("Imagine", "Fişier"),
    "ru": ("Изображение",),
    "sk": ("Obrázok",),
    "sl": ("Slika",),
    "sr": ("Слика", "Датотека", "Slika", "Datoteka"),
    "sv": ("Bild",),
    "th": ("ภาพ",),
    "tr": ("Resim",),
    "uk": ("Зображення",),
    "vi": ("Hình",),
    "zh": ("文件", "档案", "檔案", "图像", "圖像"),
}


class Site(NamedTuple):
    """A wiki as <siteinfo> describes it; without arguments, one in English.

    namespaces: their keys and local names, such as {0: "", 6: "Datei", 14: "Kategorie"}
    version: of the export's schema, such as "0.11"
    """

    language: str = "en"
    namespaces: dict[int, str] = ENGLISH
    version: str = ""

    def __hash__(self) -> int:
        """Lets what depends on the site be kept in a functools.cache."""
        return hash((self.language, self.version, tuple(self.namespaces.items())))

    def prefixes(self, key: int) -> frozenset[str]:
        """Returns the names of a namespace in lower case, local, English and older ones.

        Words are parted by spaces (links may have "_"). A German site's prefixes of 6 are
        {"datei", "bild", "file", "image"}; no namespace has no prefixes.
        """
        names = {self.namespaces.get(key, ""), ENGLISH.get(key, "")}
        if key == 6:
            names |= {"Image", *OLDER_FILE_NAMES.get(self.language.partition("-")[0], ())}
        return frozenset(name.lower() for name in names if name)

    def namespace_of(self, title: str) -> int:
        """Finds the key of a title's namespace by its prefix; older dumps do not tell it."""
        prefix, colon, _ = title.partition(":")
        if not colon:
            return 0
        prefix = prefix.replace("_", " ").strip().lower()
        keys = (key for key in {**ENGLISH, **self.namespaces} if prefix in self.prefixes(key))
        return next(keys, 0)


def read_site(head: bytes) -> Site:
    """Reads what stands before a dump's first page.

    Raises:
        DamagedDump: it is not XML, or breaks off.
        ValueError: it is not the head of a MediaWiki export, or declares a document type.
    """
    if re.search(rb"<!(?:DOCTYPE|ENTITY)", head, re.IGNORECASE):
        # Entities that stand for entities can make a small file fill the memory.
        raise ValueError("it declares a document type or entities, which no MediaWiki export does")
    parser: Any = XMLPullParser(("start",))
    try:
        parser.feed(head)
        elements = [element for _, element in parser.read_events()]
    except ParseError as error:
        raise DamagedDump(f"its head is not XML: {error}") from None
    if not elements:
        raise DamagedDump("it ends before its first element")
    if _name(elements[0]) != "mediawiki":
        raise ValueError(f"it is not a MediaWiki export: its root is <{_name(elements[0])}>")
    namespaces = {
        int(element.get("key", "0")): (element.text or "").strip()
        for element in elements
        if _name(element) == "namespace"
    }
    root = elements[0]
    language = root.get("{http://www.w3.org/XML/1998/namespace}lang") or _language(elements)
    return Site(language.lower(), namespaces or ENGLISH, root.get("version", ""))


def _language(elements: list[Element]) -> str:
    """Takes the language from the wiki's name or address, where the root does not say it."""
    for element in elements:
        if _name(element) == "dbname" and (element.text or "").endswith("wiki"):
            return (element.text or "").removesuffix("wiki").replace("_", "-")
        if _name(element) == "base":
            found = re.match(r"https?://([a-z-]+)\.wiki", element.text or "")
            if found:
                return found[1]
    return "en"


def _name(element: Element) -> str:
    """Returns the tag without its XML namespace, which names the version of the schema."""
    return element.tag.rpartition("}")[2]
