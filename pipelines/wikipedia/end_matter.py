"""Titles of the sections that end an article: notes, references, links, things to read."""

import functools

TITLES = {
    "en": "see also,references,external links,further reading,notes,bibliography,sources,footnotes,"
    "citations,notes and references,references and notes,references and sources,works cited,"
    "sources and references,general references,notes and citations,citations and notes,endnotes,"
    "external sources,web links,links,related pages,other websites,selected bibliography,"
    "footnotes and references,references and further reading,bibliography and further reading,"
    "further references,explanatory notes,cited sources,works consulted,recommended reading,"
    "notes and sources,sources and further reading,external references,literature cited",
    "it": "note,bibliografia,voci correlate,altri progetti,collegamenti esterni,fonti,riferimenti,"
    "riferimenti bibliografici,note e riferimenti,altre letture,letture consigliate,"
    "bibliografia essenziale,note bibliografiche,collegamenti,link esterni,annotazioni,"
    "pagine correlate,sitografia,fonti e bibliografia,bibliografia e fonti",
    "de": "einzelnachweise,weblinks,literatur,siehe auch,quellen,anmerkungen,fußnoten,belege,"
    "anmerkungen und einzelnachweise,einzelnachweise und anmerkungen,nachweise,quellenangaben,"
    "literatur und quellen,quellen und literatur,quellen und einzelnachweise,referenzen,"
    "weiterführende literatur,literatur (auswahl),literaturhinweise,literaturverzeichnis,links,"
    "weblink,fußnoten und einzelnachweise,einzelnachweise und fußnoten,sekundärliteratur",
    "fr": "notes et références,références,voir aussi,liens externes,bibliographie,annexes,"
    "articles connexes,notes,sources,lien externe,pour approfondir,références et notes,"
    "liens internes,"
    "sources et bibliographie,bibliographie et sources,notes et sources,sources et références,"
    "article connexe,lectures complémentaires,webographie,références bibliographiques,"
    "bibliographie sélective,liens et documents externes,notes et bibliographie",
    "es": "véase también,referencias,enlaces externos,bibliografía,notas,notas y referencias,"
    "fuentes,referencias y notas,lecturas adicionales,lectura adicional,citas,"
    "bibliografía adicional,notas al pie,fuentes y referencias,bibliografía complementaria,"
    "bibliografía recomendada,otras lecturas,enlaces,referencias bibliográficas",
    "pt": "ver também,referências,ligações externas,bibliografia,notas,notas e referências,fontes,"
    "leitura adicional,referências bibliográficas,leituras adicionais,leitura complementar,"
    "referências e notas,notas de rodapé,links externos,bibliografia adicional,citações",
    "nl": "zie ook,referenties,externe links,externe link,bronnen,literatuur,noten,voetnoten,"
    "bronnen en referenties,bronnen, noten en/of referenties,externe verwijzingen,bibliografie,"
    "bronnen en noten,noten en bronnen,externe koppelingen,externe bronnen,verder lezen,"
    "bronvermelding,literatuur en bronnen,referenties en noten,noten en referenties,"
    "bronnen noten en/of referenties,externe verwijzing,bron,geraadpleegde literatuur",
}


@functools.cache
def end_matter(language: str) -> frozenset[str]:
    """Returns the titles in lower case: those known for the language, and the English ones."""
    own = TITLES.get(language.partition("-")[0], "")
    return frozenset(title.strip() for title in f"{TITLES['en']},{own}".split(",") if title.strip())
