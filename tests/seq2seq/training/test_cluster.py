import json
import socket
import threading

import pytest

from seq2seq.training.cluster import WAIT, Cluster

TWO = {"worker": ["a:1", "b:2"]}


def described(cluster=TWO, role="worker", index=0):
    return json.dumps({"cluster": cluster, "task": {"type": role, "index": index}})


@pytest.fixture
def read(monkeypatch):
    def read(text):
        monkeypatch.setenv("TF_CONFIG", text)
        return Cluster.of_environment()

    return read


def test_workers_are_counted_in_their_order(read):
    assert read(described(index=1)) == Cluster(("a:1", "b:2"), 1)
    assert read(described(index=1)).others == [0]


def test_a_chief_comes_first(read):
    jobs = {"chief": ["c:3"], **TWO}
    assert read(described(jobs, "chief")) == Cluster(("c:3", "a:1", "b:2"), 0)
    assert read(described(jobs, "worker", 1)) == Cluster(("c:3", "a:1", "b:2"), 2)


def test_a_worker_is_named_by_number_and_address(read):
    assert read(described()).name(1) == "worker 1 at b:2"


@pytest.mark.parametrize(
    "text, said",
    [
        ("{worker", "it is no JSON"),
        ("[]", "lacks its parts cluster and task"),
        ('{"cluster": {}}', "lacks its parts cluster and task"),
        (described({"ps": ["c:3"], **TWO}), "'ps' is refused: .* no fixed order"),
        (described(role="ps"), "'ps' is refused"),
        (described({"evaluator": ["c:3"], **TWO}), "'evaluator' is refused: the chief validates"),
        (described({"master": ["c:3"]}), "'master' is refused"),
        (described({"boss": ["c:3"]}), r"unknown role 'boss' \(known: chief, worker\)"),
        (described(role=None), "unknown role 'None'"),
        (described(index=2), "task worker 2 is none of the 2"),
        (described(index="0"), "task worker '0' is none"),
        (described(role="chief"), "task chief 0 is none of the 0"),
        (described({"worker": "a:1"}), "'a:1' is no list"),
        (described({"worker": ["a"]}), "'a' is no address: write host:port"),
        (described({"worker": ["a:1", "a:1"]}), "no address twice"),
        (described({"chief": ["a:1", "b:2"]}, "chief"), "one chief"),
    ],
)
def test_what_is_no_cluster_of_workers_is_said_with_an_example(read, text, said):
    with pytest.raises(ValueError, match=f"^TF_CONFIG: .*{said}") as raised:
        read(text)
    assert "host1:12345" in str(raised.value)


def test_without_a_description_an_example_is_given(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(ValueError, match="needs TF_CONFIG.*such as TF_CONFIG='{"):
        Cluster.of_environment()


def test_a_slurm_step_describes_its_cluster_to_tensorflow_too(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", "")
    step = {"STEP_NODELIST": "n[1-2]", "STEP_TASKS_PER_NODE": "1(x2)", "PROCID": "1"}
    for name, value in (step | {"NODEID": "1", "LOCALID": "0", "JOB_ID": "7"}).items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    assert Cluster.of_environment() == Cluster(("n1:20007", "n2:20007"), 1)
    monkeypatch.delenv("SLURM_PROCID")
    assert Cluster.of_environment() == Cluster(("n1:20007", "n2:20007"), 1)


def local(count):
    """Makes a cluster of this machine, as each of its workers sees it."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = tuple(f"127.0.0.1:{each.getsockname()[1]}" for each in sockets)
    for each in sockets:
        each.close()
    return [Cluster(addresses, index) for index in range(count)]


def test_workers_wait_for_the_last_of_them():
    first, second, third = local(3)
    met = [threading.Event(), threading.Event()]
    waiting = lambda cluster, event: (cluster.wait(), event.set())
    for cluster, event in zip((first, second), met):
        threading.Thread(target=waiting, args=(cluster, event), daemon=True).start()
    assert not met[0].wait(0.7) and not met[1].is_set()
    # What listens at a worker's port from then on is TensorFlow.
    with third._listening():
        assert all(event.wait(30) for event in met)


def test_workers_that_never_start_are_named(monkeypatch):
    cluster, *_ = local(3)
    monkeypatch.setenv(WAIT, "0.1")
    with pytest.raises(TimeoutError, match="worker 1 at .*, worker 2 at .* did not start") as error:
        cluster.wait()
    assert WAIT in str(error.value)


def test_how_long_to_wait_is_a_number(monkeypatch):
    monkeypatch.setenv(WAIT, "soon")
    with pytest.raises(ValueError, match=f"{WAIT} must be a number of seconds, not 'soon'"):
        local(2)[0].wait()


def test_a_port_in_use_is_said():
    first, _ = local(2)
    with first._listening(), pytest.raises(ValueError, match="worker 0 at .* is it still training"):
        first.wait()
