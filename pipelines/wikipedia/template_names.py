"""Names of templates that leave nothing, a fixed text, or one of their arguments."""

# Notes, warnings, boxes and navigation: the sentence around them reads on without them.
SILENT = frozenset(
    "about,according to whom,anchor,audio,author missing,better source,better source needed,"
    "by whom,by whom?,category see also,citation,clarify,clarify me,cleanup,clear,"
    "clear left,clear right,cn,col-begin,col-break,col-end,colbegin,colend,columns-list,commons,"
    "commons category,contradict-inline,coord,cref,cref2,dead link,defaultsort,details,"
    "disputed inline,disputed-inline,distinguish,div col,div col end,dmoz,dn,dubious,efn,en icon,"
    "fact,failed verification,featured article,flag icon,flagdeco,flagicon,flagicon image,for,"
    "for multi,for2,fr icon,full,full citation needed,further,good article,gr icon,harv,harvnb,"
    "harvs,harvid,hatnote,history,image,inconsistent,inflation-fn,ipa audio,isbn,italic title,"
    "lead too short,listen,main,main article,main category,more citations needed,more footnotes,"
    "multiple image,multiple images,ndashnote,neologism inline,non-primary source needed,"
    "not in citation given,note,note label,notelist,notetag,nowrap begin,nowrap end,"
    "original research inline,other uses,page needed,pages needed,peacock inline,portal,"
    "pov-statement,primary source inline,quantify,qualify evidence,r,redirect,redirect2,ref,"
    "ref label,refbegin,refend,refimprove section,reflist,refn,related articles,relevance inline,"
    "respell,rp,section link,see,see also,see also2,seealso,self-published inline,sfn,sfnm,sfnp,"
    "sfnref,shy,sister project links,specify,stub,synthesis inline,toc,toc left,toc limit,"
    "toc right,tone inline,undue weight inline,unreferenced section,unreliable medical source,"
    "unreliable source,unreliable source?,unreliable source inline,update after,update inline,"
    "vague,verify credibility,verify source,verification needed,void,weasel inline,weasel-inline,"
    "wayback,wbr,webarchive,when,where,which,which?,which calendar?,who,who?,whom,whose,whose?,"
    'why,why?,wide image,wikicite,zwsp,-,-",'
    # Italian
    "avvisounicode,bandiera,chiarire,citazione necessaria,colbreak,colonne,colonne fine,"
    "colonne spezza,da aggiornare,disambigua,endmulticol,immagine multipla,interprogetto,"
    "link adq,link vdq,multicol,nazba,nota disambigua,portale,senza fonte,s sezione,"
    "torna a,vedi anche,vetrina,controllo di autorità,"
    # German
    "anker,anmerkung,belege,belege fehlen,commonscat,dieser artikel,exzellent,fn,fnbox,fnz,fußnote,"
    "hauptartikel,lesenswert,lückenhaft,normdaten,siehe auch,überarbeiten,veraltet,wikisource,"
    # French
    "ancre,article détaillé,article principal,articles détaillés,autres projets,clr,note,"
    "pas clair,précision nécessaire,quand,qui,référence à confirmer,référence nécessaire,"
    "référence souhaitée,refnec,refsou,sfn,voir,voir homonymes,palette,portail,vérifier,"
    # Spanish, Portuguese
    "ap,ac,artículo principal,busca fuentes,cita requerida,control de autoridades,"
    "artigo principal,carece de fontes,principal,vt,véase también,ver também,ver artigo principal,"
    "desambiguação,desambiguación,otros usos,outros usos,referencias,referências,"
    # Dutch
    "appendix,bron?,bronvermelding,feit,hoofdartikel,zie hoofdartikel,zie ook,beginnetje".split(",")
)
SILENT_BEGINNINGS = (
    "citation",
    "cita ",
    "cite ",
    "citar ",
    "cleanup",
    "commons",
    "efn-",
    "expand ",
    "harv",
    "infobox",
    "inflation-",
    "navbox",
    "pp-",
    "refimprove",
    "sister",
    "use ",
    "vcite",
    "wikibooks",
    "wikiquote",
    "wikisource",
    "wiktionary",
    "#if",
    "#invoke:coord",
    "#switch",
    "#tag:ref",
    "clave de ordenación:",
    "clédetri:",
    "defaultsort:",
    "defaultsortkey:",
    "displaytitle:",
    "ordenar:",
    "ordina:",
    "sortierung:",
    "standaardsortering:",
)
CHARACTERS = {
    "ndash": "–",
    "mdash": "—",
    "mdashb": "—",
    "snd": " – ",
    "snds": " – ",
    "spnd": " – ",
    "sndash": " – ",
    "spaced ndash": " – ",
    "spaced en dash": " – ",
    "nbsp": " ",
    "nbhyph": "-",
    "hsp": " ",
    "sp": " ",
    "spaces": " ",
    "space": " ",
    "thinsp": " ",
    "zwj": "",
    "zwnj": "",
    "'": "'",
    "' \"": "'\"",
    "\" '": "\"'",
    "'s": "'s",
    "-'": "'",
    "=": "=",
    "!": "|",
    "·": " · ",
    "•": " • ",
    "dot": " · ",
    "°": "°",
    "ad": "AD",
    "bc": "BC",
    "bce": "BCE",
    "ce": "CE",
    "...": "[...]",
    "eqm": "⇌",
    "pi": "π",
    "phi": "φ",
    "euro": "€",
    "dagger": "†",
}

# The argument of this number is shown as it stands: "{{lang|fr|mot}}" reads "mot"; 0 is the last.
SHOWN = dict.fromkeys(
    "abbr,angle bracket,big,bigger,center,citation needed span,cn span,em,"
    "flag,flagcountry,flagu,fontcolor,formatnum,gaps,ill,"
    "illm,interlanguage link,interlanguage link multi,iast,ipa,ipablink,keypress,"
    "italics correction,"
    "large,larger,linktext,longitem,midsize,mono,mumvar,nobold,nobr,nobreak,noitalic,"
    "normal,not a typo,nowrap,nowraplinks,proper name,r-phrase,sc,script,smaller,small,smallcaps,"
    "smallcaps2,strong,strike,sub,tooltip,tt,typo,unicode,var,vanchor,visible anchor,year,"
    "polytonic,rtl-lang,wt,w,tl,code,kbd,samp,mana,"
    "tutto attaccato,maiuscoletto,sigla2,tex,colore,lingua,"
    "nombre,formatnum,unité/1,page h',souligner,petit,citation étrangère,nobr".split(","),
    1,
) | {
    "lang": 2,
    "resize": 0,
    "transl": 0,
    "transliteration": 0,
    "tlit": 0,
    "langue": 2,
    "script/arabic": 1,
    "link audio": 2,
    "fontcolour": 2,
    "font color": 2,
    "color": 2,
}
# Stands apart from the text around it.
QUOTATIONS = frozenset(
    "quote,quotation,blockquote,cquote,bquote,rquote,quote box,quote frame,poemquote,poem quote,"
    "block quote,verse translation,citazione,zitat,cita,début citation,citation bloc,citaat".split(
        ","
    )
)
