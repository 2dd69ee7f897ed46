"""Tests of downloading a dump, against a server on this machine that misbehaves on demand."""

import contextlib
import errno
import hashlib
import json
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipelines.wikipedia.download import download, is_remote

DUMP = bytes(range(256)) * 4000  # about a megabyte
NAME = "xxwiki-20260101-pages-articles-multistream.xml.bz2"
PLACE = f"/xxwiki/20260101/{NAME}"
STATUS = "/xxwiki/20260101/dumpstatus.json"


def status(name=NAME, content=DUMP, state="done"):
    file = {"size": len(content), "sha1": hashlib.sha1(content).hexdigest()}
    jobs = {"articlesmultistreamdump": {"status": state, "files": {name: file}}}
    return json.dumps({"jobs": jobs}).encode()


class Server:
    """Serves `files`; `faults` are what to do with the next requests for dumps, in order."""

    def __init__(self):
        self.files = {"/xxwiki/": b'<a href="20260101/">20260101</a>', STATUS: status()}
        self.files[PLACE] = DUMP
        self.faults = []
        self.asked = []  # headers of the requests for dumps
        self.tag = '"one"'

    def answer(self, request):
        content = self.files.get(request.path)
        if content is None:
            return request.send_error(404)
        if not request.path.endswith(".bz2"):
            return self.send(request, 200, content, len(content))
        self.asked.append(request.headers)
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "busy":
            request.send_response(503)
            request.send_header("Retry-After", "7")
            return request.end_headers()
        first = int(request.headers.get("Range", "bytes=0-")[6:-1])
        same = request.headers.get("If-Range", self.tag) == self.tag or fault == "splice"
        if not same or fault == "no ranges" or not first:
            return self.send(request, 200, content, len(content), fault)
        if first >= len(content):
            return request.send_error(416)
        return self.send(request, 206, content[first:], len(content), fault, first)

    def send(self, request, code, content, total, fault="", first=0):
        request.send_response(code)
        length = len(content) + 1000 * (fault == "boasts") - 1000 * (fault == "hides")
        request.send_header("Content-Length", str(length))
        request.send_header("ETag", self.tag)
        if code == 206:
            request.send_header("Content-Range", f"bytes {first}-{total - 1}/{total}")
        request.end_headers()
        if fault == "breaks":
            content = content[: len(content) // 2]
        with contextlib.suppress(OSError):
            request.wfile.write(content[:length])


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    served = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            served.answer(self)

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        served.address = f"http://127.0.0.1:{listening.server_port}"
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        yield served
        listening.shutdown()
        thread.join()


@pytest.fixture
def fetch(server, tmp_path):
    """Downloads without waiting; `fetch.waits` are the seconds it would have waited."""
    waits = []

    def call(source="xxwiki@20260101", **options):
        return download(source, tmp_path, server.address, sleep=waits.append, **options)

    call.waits = waits
    return call


def left(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("source", ["xxwiki@20260101", "xxwiki@latest", "{0}" + PLACE])
def test_a_dump_is_downloaded_whole_and_nothing_else_is_left(source, server, fetch, tmp_path):
    path = fetch(source.format(server.address))
    assert path.read_bytes() == DUMP
    assert left(tmp_path) == [NAME]


def test_one_that_is_there_is_not_asked_for_again(server, fetch):
    fetch()
    server.files.clear()
    assert fetch().read_bytes() == DUMP
    assert len(server.asked) == 1


def test_a_download_goes_on_where_it_broke_off(server, fetch):
    server.faults = ["breaks", "breaks", "breaks"]
    assert fetch().read_bytes() == DUMP
    ranges = [headers.get("Range") for headers in server.asked]
    half = len(DUMP) // 2
    assert ranges[:3] == [None, f"bytes={half}-", f"bytes={half + half // 2}-"]
    assert fetch.waits == [1, 1, 1]


def test_a_later_call_goes_on_as_well(server, fetch, tmp_path):
    server.faults = ["breaks"] + ["busy"] * 6
    with pytest.raises(ValueError, match="cannot be read, tried 6 times: HTTP Error 503"):
        fetch()
    assert left(tmp_path) == [f"{NAME}.part", f"{NAME}.part.json"]
    assert fetch().read_bytes() == DUMP
    assert server.asked[-1]["Range"] == f"bytes={len(DUMP) // 2}-"


def test_a_server_that_is_busy_says_how_long_to_wait(server, fetch):
    server.faults = ["busy"]
    fetch()
    assert fetch.waits == [7]


def test_tries_are_further_and_further_apart(fetch, tmp_path):
    with pytest.raises(ValueError, match="tried 6 times"):
        download("http://127.0.0.1:1/a.xml", tmp_path, sleep=fetch.waits.append)
    assert fetch.waits == [1, 2, 4, 8, 16]


def test_a_server_without_ranges_sends_all_of_it_again(server, fetch):
    server.faults = ["breaks", "no ranges"]
    assert fetch().read_bytes() == DUMP


@pytest.mark.parametrize("fault", ["", "splice"])
def test_a_file_that_changes_between_tries_is_begun_anew(fault, server, fetch):
    other = DUMP[::-1]
    server.files[STATUS] = status(content=other)
    server.faults = ["breaks", fault]

    def change(done, total):
        server.files[PLACE], server.tag = other, '"two"'

    assert fetch(watch=change).read_bytes() == other


def test_a_file_that_became_shorter_is_begun_anew(server, fetch, tmp_path):
    url = server.address + "/other/a.xml.bz2"
    server.files["/other/a.xml.bz2"] = DUMP
    server.faults = ["breaks"] + ["busy"] * 6
    with pytest.raises(ValueError, match="503"):
        fetch(url)
    server.files["/other/a.xml.bz2"] = DUMP[:1000]
    assert fetch(url).read_bytes() == DUMP[:1000]


def test_a_server_that_promises_more_than_it_sends_is_an_error(server, fetch):
    del server.files[STATUS]
    server.files[f"/xxwiki/20260101/{NAME[:15]}-sha1sums.txt"] = (
        f"{hashlib.sha1(DUMP).hexdigest()}  {NAME}\n".encode()
    )
    server.faults = ["boasts"] * 20
    with pytest.raises(ValueError, match="broke off after 1024000 of 1025000 bytes"):
        fetch()


def test_a_server_that_sends_less_than_the_list_says_is_an_error(server, fetch):
    server.faults = ["hides"]
    with pytest.raises(ValueError, match="has 1023000 bytes, not 1024000 as the site's list says"):
        fetch()


def test_a_wrong_sum_keeps_the_file_aside_and_says_so(server, fetch, tmp_path):
    server.files[PLACE] = DUMP[::-1]
    with pytest.raises(ValueError, match="sha1 sum .* kept as .*damaged"):
        fetch()
    assert left(tmp_path) == [f"{NAME}.damaged"]


@pytest.mark.parametrize(
    "source, message",
    [
        ("yywiki@latest", "there is no wiki 'yywiki' at .* named like enwiki"),
        ("xxwiki@20250101", r"no finished dump xxwiki@20250101 at .* \(there: 20260101\)"),
        ("{0}/xxwiki/20260101/xxwiki-20260101-x.xml", f"is not there.*{NAME}"),
        ("{0}/a.xml", "there is no .*a.xml"),
        ("{0}/", "does not end with the name of a file"),
        ("file:///etc/hostname", "begins with https"),
    ],
)
def test_what_is_not_there_is_an_error_that_lists_what_is(source, message, server, fetch):
    with pytest.raises(ValueError, match=message):
        fetch(source.format(server.address))


def test_the_latest_is_the_latest_that_is_finished(server, fetch):
    server.files["/xxwiki/"] += b'<a href="20260201/">20260201</a> <a href="latest/">latest</a>'
    server.files[STATUS.replace("0101", "0201")] = status(NAME.replace("0101", "0201"), state="now")
    assert fetch("xxwiki@latest").name == NAME


def test_a_full_disk_is_told_before_it_is_filled(server, fetch, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=100)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(OSError, match="no space is left in .*goes on from") as caught:
        fetch()
    assert caught.value.errno == errno.ENOSPC


def test_the_server_learns_who_asks(server, fetch):
    fetch()
    assert server.asked[0]["User-Agent"].startswith("keras-seq2seq")


def test_how_much_came_is_told(server, fetch):
    told = []
    fetch(watch=lambda done, total: told.append((done, total)))
    assert told[-1] == (len(DUMP), len(DUMP))


def test_sources_are_told_from_files():
    assert is_remote("enwiki@latest") and is_remote("https://a.example/b.xml.bz2")
    assert not is_remote("enwiki-20260101.xml.bz2") and not is_remote("data/a@b.xml")
