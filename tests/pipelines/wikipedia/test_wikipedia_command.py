"""Tests of `python -m pipelines wikipedia`."""

import subprocess
import sys

PAGE = (
    "<page><title>Dog</title><ns>0</ns><id>1</id>"
    "<revision><text>A dog barks.</text></revision></page>"
)


def run(*arguments):
    command = [sys.executable, "-m", "pipelines", "wikipedia", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_dump_becomes_a_folder(tmp_path):
    (tmp_path / "a.xml").write_text(f"<mediawiki>{PAGE}</mediawiki>")
    done = run(tmp_path / "a.xml", tmp_path / "out", "--valid", "0", "--test", "0")
    assert done.returncode == 0, done.stderr
    assert "train: 1 passages of 1 articles" in done.stdout
    assert '"A dog barks."' in (tmp_path / "out" / "train-00000.jsonl").read_text()


def test_a_mistake_is_one_line_and_exit_status_2(tmp_path):
    done = run(tmp_path / "gone.xml", tmp_path / "out")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert "gone.xml" in done.stderr
