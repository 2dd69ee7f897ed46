"""The files of the web page."""

import json

import pytest
from rest_client import Client

from seq2seq.serving.pages import HEADERS, Pages
from seq2seq.serving.running import served


@pytest.fixture
def pages(tmp_path):
    """Makes the pages of a folder with a file of each sort."""
    folder = tmp_path / "page"
    (folder / "within").mkdir(parents=True)
    for name in ("index.html", "page.js", "page.css", "secret.py", "within/index.html"):
        (folder / name).write_text(name)
    (tmp_path / "outside.html").write_text("outside")
    return Pages(None, folder)


def names(pages):
    return sorted(pages._files)


def test_only_files_of_known_kinds_in_the_folder_itself_are_there(pages):
    assert names(pages) == ["index.html", "page.css", "page.js"]


def test_the_page_tells_what_is_served(own):
    status, body, headers = own.raw("/page/model.json")
    told = json.loads(body)
    assert status == 200 and headers["cache-control"] == "no-store"
    assert told["name"] == "shouter" and told["version"] == "1" and told["stream"] is True
    assert "serving_default" in told["signatures"] and told["serving"] is None


def test_the_page_learns_what_the_export_says_of_its_signatures(copied):
    description = {"format": 1, "signatures": {}}
    (copied / "1" / "serving.json").write_text(json.dumps(description))
    with served(copied) as url:
        _, body, _ = Client(url).raw("/page/model.json")
    assert json.loads(body)["serving"] == description


def test_nothing_from_outside_may_be_loaded_or_run(own):
    headers = own.raw("/page/model.json")[2]
    policy = dict(each.split(" ", 1) for each in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert not any(
        "unsafe" in value or "http" in value or "*" in value for value in policy.values()
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert set(HEADERS) <= {name.lower() for name in headers}


def test_no_path_leads_out_of_the_page(own):
    for path in (
        "/page/../rest.py",
        "/page/..%2frest.py",
        "/page/%2e%2e/rest.py",
        "/page//etc/passwd",
        "/page/%2fetc%2fpasswd",
        "/page/",
        "/page/..",
        "/..%2f..%2fsetup.cfg",
    ):
        assert own.raw(path)[0] == 404, path
