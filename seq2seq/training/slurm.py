"""The cluster of a Slurm step, as TF_CONFIG describes one.

TensorFlow's own SlurmClusterResolver sorts hosts as text, n10 before n2, where Slurm counts them
in order: the workers would take each other's addresses.
"""

import re
from collections.abc import Iterator, Mapping

# Jobs that share a machine should not meet: the first port is the job's own.
FIRST_PORT, PORTS = 20_000, 10_000


def slurm_cluster(environment: Mapping[str, str]) -> dict | None:
    """Describes the step that `srun` started this process in; None outside of one.

    SLURM_STEP_NODELIST n[9-10], SLURM_STEP_TASKS_PER_NODE 1(x2), SLURM_PROCID 1 -> {"cluster":
    {"worker": ["n9:20000", "n10:20000"]}, "task": {"type": "worker", "index": 1}}

    Raises:
        ValueError: tasks are not numbered node by node.
    """
    names = ("STEP_NODELIST", "STEP_TASKS_PER_NODE", "PROCID", "NODEID", "LOCALID")
    found = [environment.get(f"SLURM_{name}") for name in names]
    if None in found:
        return None
    nodes, tasks, rank, node, local = (value or "" for value in found)
    port = FIRST_PORT + int(environment.get("SLURM_JOB_ID", "0")) % PORTS
    places = [
        (number, host, task)
        for number, (host, count) in enumerate(zip(_hosts(nodes), _counts(tasks)))
        for task in range(count)
    ]
    number, _, task = places[int(rank)] if int(rank) < len(places) else (None, "", None)
    if (number, task) != (int(node), int(local)):
        raise ValueError(
            f"Slurm's task {rank} is number {local} on node {node}, where tasks numbered node by "
            "node were expected: use srun --distribution=block, or set TF_CONFIG"
        )
    workers = [f"{host}:{port + task}" for _, host, task in places]
    return {"cluster": {"worker": workers}, "task": {"type": "worker", "index": int(rank)}}


def _counts(text: str) -> Iterator[int]:
    """ "2(x3),1" -> 2, 2, 2, 1"""
    for count, times in re.findall(r"(\d+)(?:\(x(\d+)\))?", text):
        yield from [int(count)] * int(times or 1)


def _hosts(text: str) -> Iterator[str]:
    """ "n[08-10,12],m5" -> n08, n09, n10, n12, m5"""
    for host in re.findall(r"(?:[^,\[]|\[[^\]]*\])+", text):
        yield from _expanded(host)


def _expanded(host: str) -> Iterator[str]:
    before, bracket, rest = host.partition("[")
    if not bracket:
        yield host
        return
    ranges, _, after = rest.partition("]")
    for each in ranges.split(","):
        first, _, last = each.partition("-")
        for number in range(int(first), int(last or first) + 1):
            yield from (f"{before}{number:0{len(first)}}{end}" for end in _expanded(after))
