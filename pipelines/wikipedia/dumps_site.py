"""Where dumps are published, and which files there are with which check sums."""

import json
import os
import re
import time
from typing import Any, NamedTuple

from pipelines.wikipedia.server import Missing, Sleep, read

PUBLIC = "https://dumps.wikimedia.org"
MIRROR = "WIKIPEDIA_DUMPS"  # environment variable: the address of a mirror
NAMED = re.compile(r"([a-z0-9_]+)@(latest|\d{8})")
DATED = re.compile(r"([a-z0-9_]+)-(\d{8})-.+")
WANTED = ("pages-articles-multistream.xml.bz2", "pages-articles.xml.bz2")
SUMS = ("sha1", "md5")


class RemoteFile(NamedTuple):
    """A file to download; a size of 0 and an empty sum are not known.

    algorithm: of the sum, "sha1" or "md5"
    """

    url: str
    size: int = 0
    algorithm: str = ""
    sum: str = ""

    @property
    def name(self) -> str:
        """The file's name, without its folders."""
        return self.url.partition("?")[0].rpartition("/")[2]


def names(source: str) -> list[str]:
    """Returns the names a download may have, best first; those of the latest are not known."""
    named = NAMED.fullmatch(source)
    if not named:
        return [RemoteFile(source).name]
    return [] if named[2] == "latest" else [f"{source.replace('@', '-')}-{each}" for each in WANTED]


class DumpsSite:
    """Finds dumps and their check sums.

    address: of the public site or a mirror; by default what the environment variable
        WIKIPEDIA_DUMPS says, else the public site
    """

    def __init__(self, address: str = "", sleep: Sleep = time.sleep):
        self.address = (address or os.environ.get(MIRROR) or PUBLIC).rstrip("/")
        self._sleep = sleep

    def find(self, source: str) -> RemoteFile:
        """Finds what `source` names: a URL, "enwiki@latest" or "itwiki@20260101".

        Raises:
            ValueError: there is none; the message lists what there is.
        """
        named = NAMED.fullmatch(source)
        if not named:
            return self._with_sum(source)
        wiki, date = named[1], named[2]
        dates = self._dates(wiki)
        for each in dates[::-1] if date == "latest" else [date]:
            files = self._files(wiki, each)
            for name in names(f"{wiki}@{each}"):
                if name in files:
                    return _remote(f"{self.address}/{wiki}/{each}/{name}", files[name])
        there = f"there: {', '.join(dates) or 'none'}"
        if date == "latest":
            raise ValueError(f"no dump of {wiki} at {self.address} is finished ({there})")
        raise ValueError(f"no finished dump {source} at {self.address} ({there})")

    def _dates(self, wiki: str) -> list[str]:
        """Lists the dates of a wiki's dumps, the oldest first."""
        try:
            page = self._read(f"{wiki}/")
        except Missing:
            hint = "wikis are named like enwiki, itwiki, simplewiki"
            raise ValueError(f"there is no wiki {wiki!r} at {self.address}; {hint}") from None
        return sorted(set(re.findall(r'href="(?:[^"]*/)?(\d{8})/?"', page)))

    def _files(self, wiki: str, date: str) -> dict[str, dict[str, Any]]:
        """Returns size and sums of the finished files of a dump, by their names."""
        try:
            status = json.loads(self._read(f"{wiki}/{date}/dumpstatus.json"))
            jobs = status["jobs"].values()
            return {
                name: file
                for job in jobs
                if job.get("status") == "done"
                for name, file in job.get("files", {}).items()
            }
        except Missing:
            return self._listed_sums(wiki, date)
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            place = f"{self.address}/{wiki}/{date}/dumpstatus.json"
            raise ValueError(f"{place} cannot be understood: {error!r}") from None

    def _listed_sums(self, wiki: str, date: str) -> dict[str, dict[str, Any]]:
        """Returns the sums of a dump's files as lists of lines "sum  name" tell them."""
        files: dict[str, dict[str, Any]] = {}
        for algorithm in SUMS:
            try:
                lines = self._read(f"{wiki}/{date}/{wiki}-{date}-{algorithm}sums.txt")
            except Missing:
                continue
            for found in re.finditer(r"(?m)^([0-9a-fA-F]{32,40})\s+\*?(\S+)$", lines):
                files.setdefault(found[2], {})[algorithm] = found[1]
        return files

    def _with_sum(self, url: str) -> RemoteFile:
        """Adds size and sum to the URL of a file that lies where dumps lie on the public site."""
        file = RemoteFile(url)
        dated = DATED.fullmatch(file.name)
        if not dated or not url.startswith(f"{self.address}/{dated[1]}/{dated[2]}/"):
            return file
        files = self._files(dated[1], dated[2])
        if file.name not in files:
            there = [name for name in sorted(files) if "pages-articles" in name]
            hint = f"there: {', '.join(there[:20]) or 'no pages-articles'}"
            raise ValueError(f"{url} is not there, or not finished ({hint})")
        return _remote(url, files[file.name])

    def _read(self, place: str) -> str:
        return read(f"{self.address}/{place}", self._sleep).decode("utf-8", "replace")


def _remote(url: str, file: dict[str, Any]) -> RemoteFile:
    for algorithm in SUMS:
        if file.get(algorithm):
            return RemoteFile(url, int(file.get("size", 0)), algorithm, file[algorithm].lower())
    return RemoteFile(url, int(file.get("size", 0)))
