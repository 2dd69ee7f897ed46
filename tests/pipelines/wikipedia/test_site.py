"""Tests of what a dump says of its wiki."""

import functools
import pickle

import pytest

from pipelines.wikipedia.damaged_dump import DamagedDump
from pipelines.wikipedia.site import Site, read_site

HEAD = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.10/" version="0.10" xml:lang="de">
  <siteinfo>
    <sitename>Wikipedia</sitename>
    <dbname>dewiki</dbname>
    <base>https://de.wikipedia.org/wiki/Seite</base>
    <namespaces>
      <namespace key="-2" case="first-letter">Medium</namespace>
      <namespace key="0" case="first-letter" />
      <namespace key="6" case="first-letter">Datei</namespace>
      <namespace key="14" case="first-letter">Kategorie</namespace>
      <namespace key="100" case="first-letter">Portal &amp; mehr</namespace>
    </namespaces>
  </siteinfo>
  """


def test_language_namespaces_and_version_are_read():
    site = read_site(HEAD.encode())
    assert (site.language, site.version) == ("de", "0.10")
    assert site.namespaces == {
        -2: "Medium",
        0: "",
        6: "Datei",
        14: "Kategorie",
        100: "Portal & mehr",
    }


def test_prefixes_are_local_english_and_older_names():
    site = read_site(HEAD.encode())
    assert site.prefixes(6) == {"datei", "bild", "file", "image"}
    assert site.prefixes(14) == {"kategorie", "category"}
    assert site.prefixes(0) == frozenset()
    assert Site().prefixes(6) == {"file", "image"}


@pytest.mark.parametrize(
    "title, key",
    [("Datei:A.png", 6), ("bild:A.png", 6), ("User_talk:A", 3), ("A: b", 0), ("A", 0), (":A", 0)],
)
def test_a_title_tells_its_namespace(title, key):
    assert read_site(HEAD.encode()).namespace_of(title) == key


@pytest.mark.parametrize(
    "head, language",
    [
        ("<mediawiki><siteinfo><dbname>zh_yuewiki</dbname></siteinfo>", "zh-yue"),
        ("<mediawiki><siteinfo><base>http://it.wikipedia.org/wiki/A</base></siteinfo>", "it"),
        ("<mediawiki>", "en"),
    ],
)
def test_where_the_root_does_not_say_the_language_the_name_or_address_does(head, language):
    assert read_site(head.encode()).language == language


def test_a_head_without_namespaces_has_the_english_ones():
    assert read_site(b"<mediawiki>").namespaces[14] == "Category"


def test_sites_travel_between_processes_and_are_keys_of_caches():
    site = read_site(HEAD.encode())
    assert pickle.loads(pickle.dumps(site)) == site
    assert functools.cache(Site.prefixes)(site, 14) == site.prefixes(14)


@pytest.mark.parametrize(
    "head, error, message",
    [
        ("", DamagedDump, "before its first element"),
        ("<html>", ValueError, "its root is <html>"),
        ("<mediawiki><a></b>", DamagedDump, "not XML"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><mediawiki>', ValueError, "document type or entities"),
        ('<!doctype mediawiki SYSTEM "http://a/b">', ValueError, "document type or entities"),
    ],
)
def test_what_is_no_head_is_an_error(head, error, message):
    with pytest.raises(error, match=message):
        read_site(head.encode())
