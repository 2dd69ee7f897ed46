"""How our own server changes over from one version of a model to another."""

import contextlib
import shutil
import threading
import time

import pytest
from rest_client import Client
from small_model import write_model

from seq2seq.serving.running import served
from seq2seq.serving.settings import Settings

QUICK = Settings(port=0, poll=0.02)


@pytest.fixture(scope="session")
def other_version(tmp_path_factory):
    """Writes a version with another weight once -> its folder."""
    folder = tmp_path_factory.mktemp("versions") / "2"
    write_model(folder, factor=3.0)
    return folder


def publish(version, folder, number):
    """Puts a version there by a rename, as an export does."""
    unfinished = folder / f"unfinished-{number}"
    shutil.copytree(version, unfinished)
    unfinished.rename(folder / str(number))


def states(client):
    status, reply = client.get()
    assert status == 200
    return {each["version"]: each["state"] for each in reply["model_version_status"]}


def wait_for(client, **expected):
    wanted = {number.removeprefix("v"): state for number, state in expected.items()}
    until = time.monotonic() + 20
    while states(client) != wanted:
        assert time.monotonic() < until, states(client)
        time.sleep(0.02)


@contextlib.contextmanager
def asked_all_the_while(client, number=4):
    """Asks in threads while the context lasts -> what is answered, as (status, scores)."""
    answers, ended = [], threading.Event()

    def ask():
        while not ended.is_set():
            status, reply = client.post({"inputs": {"text": ["ab", "c"]}})
            answers.append((status, tuple(reply.get("outputs", {}).get("score", [str(reply)]))))

    threads = [threading.Thread(target=ask) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def test_a_new_version_takes_over_without_a_failed_request(copied, other_version, capfd):
    with served(copied, QUICK) as url:
        client = Client(url)
        with asked_all_the_while(client) as answers:
            publish(other_version, copied, 2)
            wait_for(client, v1="END", v2="AVAILABLE")
            publish(copied / "1", copied, 3)
            wait_for(client, v1="END", v2="END", v3="AVAILABLE")
        assert set(answers) == {(200, (-1.0, -0.5)), (200, (6.0, 3.0))}
        first, second = answers.index((200, (6.0, 3.0))), len(answers)
        assert 0 < first < second and answers[-1] == (200, (-1.0, -0.5))
        assert client.post({"instances": ["a"]}, "/versions/1:predict")[0] == 404
    assert "version 3 of shouter is served" in capfd.readouterr().err


def test_without_its_folder_the_version_before_is_served_again(copied, other_version):
    publish(other_version, copied, 2)
    with served(copied, QUICK) as url:
        client = Client(url)
        assert client.predict(signature_name="serving_default", inputs=["a"])["outputs"][
            "score"
        ] == [3.0]
        shutil.rmtree(copied / "2")
        wait_for(client, v1="AVAILABLE", v2="END")
        assert client.predict(inputs=["a"])["outputs"]["score"] == [-0.5]


def test_a_broken_version_is_told_of_and_the_old_one_goes_on(copied, capfd):
    with served(copied, QUICK) as url:
        client = Client(url)
        (copied / "2").mkdir()
        (copied / "2" / "saved_model.pb").write_bytes(b"\x00broken")
        wait_for(client, v1="AVAILABLE", v2="END")
        _, reply = client.get("/versions/2")
        (told,) = reply["model_version_status"]
        assert told["status"]["error_code"] == "UNKNOWN" and told["status"]["error_message"]
        assert client.predict(instances=["a"])["predictions"]
        time.sleep(0.1)
    assert capfd.readouterr().err.count("version 2 of shouter does not load") == 1


def test_a_version_whose_sample_fails_is_broken(copied):
    sample = (
        '{"format": 1, "signatures": {"serving_default": {"request": {"instances": ["fail"]}}}}'
    )
    with served(copied, QUICK) as url:
        client = Client(url)
        shutil.copytree(copied / "1", copied / "unfinished")
        (copied / "unfinished" / "serving.json").write_text(sample)
        (copied / "unfinished").rename(copied / "2")
        wait_for(client, v1="AVAILABLE", v2="END")


def test_a_folder_without_versions_stays_as_it_was_loaded(copied):
    with served(copied, QUICK) as url:
        client = Client(url)
        shutil.rmtree(copied)
        time.sleep(0.1)
        assert client.predict(instances=["a"])["predictions"]


def test_nothing_to_serve_is_said_with_the_reason(copied, tmp_path):
    (copied / "1" / "saved_model.pb").unlink()
    with pytest.raises(ValueError, match=r"holds no version that loads.*1: FileNotFoundError"):
        with served(copied, QUICK):
            pass
    with pytest.raises(ValueError, match="holds no version that loads"):
        with served(tmp_path / "none", QUICK):
            pass


@pytest.mark.parametrize("name", ["saved_model.pb", "variables", "assets/words", "serving.json"])
def test_a_version_that_links_to_the_outside_is_refused(copied, tmp_path, name):
    outside, inside = tmp_path / "outside", copied / "1" / name
    inside.parent.mkdir(exist_ok=True)
    if inside.exists():
        inside.rename(outside)
    else:
        outside.write_text("{}")
    inside.symlink_to(outside)
    with pytest.raises(ValueError, match="links to .*outside"):
        with served(copied, QUICK):
            pass


def test_a_link_to_another_version_is_none_to_the_outside(copied):
    (copied / "2").symlink_to(copied / "1")
    with served(copied, QUICK) as url:
        assert states(Client(url)) == {"2": "AVAILABLE"}
