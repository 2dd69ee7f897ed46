"""Tests of `python -m pipelines wikipedia`."""

import bz2
import functools
import hashlib
import http.server
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest
import small_dump
from gensim.test.utils import datapath

REAL = datapath("enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2")


def command(*arguments):
    return [sys.executable, "-m", "pipelines", "wikipedia", *map(str, arguments)]


def run(*arguments):
    return subprocess.run(command(*arguments), capture_output=True, text=True)


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_dump_becomes_a_folder_once(tmp_path):
    dump = small_dump.write_dump(tmp_path / "a.xml", 3)
    options = [dump, "--output", tmp_path / "out", "--valid", 0, "--test", 0]
    options += ["--compression", "none", "--processes", 1]
    done = run(*options)
    assert done.returncode == 0, done.stderr
    assert "pages: 3 article, 1 other namespace, 1 redirect" in done.stdout
    assert "train: 3 articles, 6 paragraphs, 9 sentences in 1 shards" in done.stdout
    assert '["Dog 1 barks at noon.",' in (tmp_path / "out/train-00000-of-00001.jsonl").read_text()
    again = run(*options)
    assert again.returncode == 0 and "nothing to do" in again.stdout


def test_filters_are_options_and_the_manifest_holds_them(tmp_path):
    dump = small_dump.write_dump(tmp_path / "a.xml", 3)
    (tmp_path / "list.txt").write_text("# words\nhate\n")
    options = ["--output", tmp_path / "out", "--processes", 1, "--valid", 0, "--test", 0]
    options += ["--set", "quality.least_words=4", "--set", 'personal.kinds=["e-mail"]']
    done = run(dump, *options, "--block-list", tmp_path / "list.txt")
    assert done.returncode == 0, done.stderr
    assert "sentences left out: 3 blocked, 3 too few words" in done.stdout
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["options"]["quality"]["blocked"] == ["hate"]
    assert manifest["options"]["personal"]["kinds"] == ["e-mail"]
    assert "nothing to do" in run(dump, *options, "--block-list", tmp_path / "list.txt").stdout


@pytest.mark.parametrize("change", ["quality.words=3", "words=3", "qualities.words=3", "words"])
def test_a_change_of_no_option_is_an_error(tmp_path, change):
    done = run(tmp_path / "a.xml", "--output", tmp_path / "out", "--set", change)
    assert done.returncode == 2
    assert "known: " in done.stderr or "wanted section.option=value" in done.stderr


def test_a_damaged_dump_is_prepared_up_to_the_fault_and_ends_with_status_1(tmp_path):
    dump = small_dump.write_dump(tmp_path / "a.xml")
    dump.write_bytes(dump.read_bytes()[:-30])
    done = run(dump, "--output", tmp_path / "out", "--processes", 1)
    assert done.returncode == 1
    assert "error: " in done.stderr and "a.xml is damaged" in done.stderr
    assert (tmp_path / "out" / "manifest.json").exists()


def test_beam_is_asked_for_by_its_runner(tmp_path):
    pytest.importorskip("apache_beam", reason="apache-beam is not installed (extra: beam)")
    dump = small_dump.write_dump(tmp_path / "a.xml", 9)
    done = run(dump, "--output", tmp_path / "beam", "--runner", "DirectRunner")
    assert done.returncode == 0, done.stderr
    assert run(dump, "--output", tmp_path / "plain", "--processes", 1).returncode == 0
    shards = [content(tmp_path / name) for name in ("beam", "plain")]
    for files in shards:
        del files["manifest.json"]  # which says how many bytes were read, as a whole or in parts
    assert shards[0] == shards[1]


def test_a_mistake_is_one_line_and_exit_status_2(tmp_path):
    done = run(tmp_path / "gone.xml", "--output", tmp_path / "out")
    assert done.returncode == 2
    assert done.stderr.strip().startswith("error: ") and done.stderr.strip().count("\n") == 0
    assert "gone.xml" in done.stderr


def test_tensorflow_is_not_loaded(tmp_path):
    program = "import sys, pipelines.__main__; assert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without telling of it."""

    def log_message(self, *arguments):
        pass


@pytest.fixture
def site(tmp_path):
    """Serves a folder as the dumps' site -> (folder, address)."""
    folder = tmp_path / "site"
    folder.mkdir()
    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def publish(folder, date):
    """Puts a dump of "xxwiki" where the dumps' site has it."""
    name = f"xxwiki-{date}-pages-articles.xml.bz2"
    (folder / "xxwiki" / date).mkdir(parents=True)
    xml = small_dump.write_dump(folder / "a.xml", 3).read_bytes()
    (folder / "xxwiki" / date / name).write_bytes(bz2.compress(xml))
    file = {name: {"sha1": hashlib.sha1(bz2.compress(xml)).hexdigest()}}
    status = {"jobs": {"articlesdump": {"status": "done", "files": file}}}
    (folder / "xxwiki" / date / "dumpstatus.json").write_text(json.dumps(status))


def test_the_latest_dump_is_downloaded_and_what_was_begun_stays_with_it(
    site, tmp_path, monkeypatch
):
    folder, address = site
    monkeypatch.setenv("WIKIPEDIA_DUMPS", address)
    publish(folder, "20260101")
    options = ["xxwiki@latest", "--output", tmp_path / "out", "--processes", 1]
    done = run(*options)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["dump"]["wiki"] == "xxwiki" and manifest["dump"]["date"] == "20260101"
    publish(folder, "20260201")
    again = run(*options)
    assert again.returncode == 0 and "nothing to do" in again.stdout, again.stderr


def wait_for_end_of_group(group):
    """Waits until no process of a group is left, as none may outlive its parent."""
    for _ in range(200):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("worker processes outlive the one that began them")


def begin(options, output):
    """Begins a preparation by two processes, and waits for their first work."""
    program = subprocess.Popen(
        command(*options, "--output", output, "--processes", 2),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    # From the start of the program to its work, however slow the machine is.
    work = output.with_name(f".{output.name}.partial") / "extracted"
    while not list(work.glob("*")) and program.poll() is None:
        time.sleep(0.01)
    return program


def test_ctrl_c_ends_all_processes_and_says_what_to_do(tmp_path, interruptible):
    program = begin([REAL], tmp_path / "out")
    program.send_signal(signal.SIGINT)
    _, said = program.communicate()
    assert program.returncode == 130 and b"stopped; the same command goes on" in said
    assert b"Traceback" not in said
    wait_for_end_of_group(program.pid)
    assert (tmp_path / ".out.partial").is_dir() and not (tmp_path / "out").exists()


def test_two_processes_killed_at_any_time_write_what_one_writes(tmp_path):
    options = [REAL, "--limit", 40]
    done = run(*options, "--output", tmp_path / "one", "--processes", 1)
    assert done.returncode == 0, done.stderr
    draw = random.Random()
    for _ in range(2):
        program = begin(options, tmp_path / "two")
        time.sleep(draw.random())
        program.kill()
        program.communicate()
        wait_for_end_of_group(program.pid)
    done = run(*options, "--output", tmp_path / "two", "--processes", 2)
    assert done.returncode == 0, done.stderr
    assert content(tmp_path / "two") == content(tmp_path / "one")
