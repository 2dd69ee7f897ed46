import pytest

from seq2seq.training.slurm import slurm_cluster


def step(nodes="n[9-10]", tasks="1(x2)", rank=0, node=0, local=0, **more):
    names = ("STEP_NODELIST", "STEP_TASKS_PER_NODE", "PROCID", "NODEID", "LOCALID")
    told = dict(zip(names, (nodes, tasks, str(rank), str(node), str(local))))
    return {f"SLURM_{name}": value for name, value in (told | more).items()}


def test_hosts_keep_their_order():
    assert slurm_cluster(step(rank=1, node=1)) == {
        "cluster": {"worker": ["n9:20000", "n10:20000"]},
        "task": {"type": "worker", "index": 1},
    }


@pytest.mark.parametrize(
    "nodes, hosts",
    [
        ("a", ["a"]),
        ("a,b-1", ["a", "b-1"]),
        ("n[08-10,12],m5", ["n08", "n09", "n10", "n12", "m5"]),
        ("r[1-2]n[3,4]", ["r1n3", "r1n4", "r2n3", "r2n4"]),
    ],
)
def test_lists_of_hosts_are_expanded(nodes, hosts):
    found = slurm_cluster(step(nodes, f"1(x{len(hosts)})"))["cluster"]["worker"]
    assert found == [f"{host}:20000" for host in hosts]


def test_tasks_of_one_host_have_ports_of_their_own_and_jobs_too():
    found = slurm_cluster(step("a,b,c", "2(x2),1", 3, 1, 1, JOB_ID="120007"))
    assert found["cluster"]["worker"] == ["a:20007", "a:20008", "b:20007", "b:20008", "c:20007"]
    assert found["task"]["index"] == 3


def test_outside_of_a_step_there_is_no_cluster():
    assert slurm_cluster({}) is None
    assert slurm_cluster({"SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "n1"}) is None


def test_tasks_that_are_numbered_otherwise_are_refused():
    with pytest.raises(ValueError, match="task 1 is number 0 on node 1.*--distribution=block"):
        slurm_cluster(step("a,b", "2(x2)", 1, 1, 0))
