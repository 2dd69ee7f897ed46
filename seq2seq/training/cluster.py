"""The workers that train together: who they are, and whether they are there."""

import json
import os
import re
import socket
import sys
import time
from dataclasses import dataclass

from seq2seq.training.slurm import slurm_cluster

EXAMPLE = (
    '{"cluster": {"worker": ["host1:12345", "host2:12345"]}, '
    '"task": {"type": "worker", "index": 0}}'
)
WAIT = "SEQ2SEQ_WAIT_SECONDS"
# Why a role that TensorFlow knows is not one that trains here.
REFUSED = {
    "ps": "parameter servers apply updates in no fixed order, so the same recipe would give "
    "other weights each time: list workers alone, and no ps",
    "evaluator": "the chief validates at the end of each round: leave the evaluator out",
    "master": 'name it "chief", or leave it out: the first worker then is the chief',
}


@dataclass(frozen=True)
class Cluster:
    """The addresses "host:port" of all workers, the chief's first, and which of them this is."""

    addresses: tuple[str, ...]
    index: int

    @classmethod
    def of_environment(cls) -> "Cluster":
        """Reads TF_CONFIG, which a Slurm step without one is given here.

        Raises:
            ValueError: neither is there, or what is there is no cluster of workers.
        """
        described = slurm_cluster(os.environ)
        if described and not os.environ.get("TF_CONFIG"):
            os.environ["TF_CONFIG"] = json.dumps(described)
        text = os.environ.get("TF_CONFIG")
        if not text:
            raise ValueError(
                "strategy multi_worker needs TF_CONFIG, the same in each process but for its "
                f"index, such as TF_CONFIG='{EXAMPLE}'; one machine alone trains by strategy "
                "one_device or mirrored"
            )
        try:
            return cls._read(json.loads(text))
        except ValueError as error:
            said = f"it is no JSON: {error}" if "TF_CONFIG" not in str(error) else str(error)
            said = said.removeprefix("TF_CONFIG: ")
            raise ValueError(f"TF_CONFIG: {said}; wanted such as {EXAMPLE}") from None

    @classmethod
    def _read(cls, told) -> "Cluster":
        """{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}} ->
        Cluster(("a:1", "b:1"), 1)."""
        parts = told if isinstance(told, dict) else {}
        jobs, task = parts.get("cluster"), parts.get("task")
        if not isinstance(jobs, dict) or not isinstance(task, dict):
            raise _wrong("it lacks its parts cluster and task")
        role, index = str(task.get("type")), task.get("index")
        for name in (*jobs, role):
            if name in REFUSED:
                raise _wrong(f"role {name!r} is refused: {REFUSED[name]}")
            if name not in ("chief", "worker"):
                raise _wrong(f"unknown role {name!r} (known: chief, worker)")
        chief, worker = (_addresses(jobs.get(name, [])) for name in ("chief", "worker"))
        if len(chief) > 1 or len({*chief, *worker}) < len(chief) + len(worker):
            raise _wrong("there may be one chief, and no address twice")
        own = {"chief": chief, "worker": worker}[role]
        if type(index) is not int or not 0 <= index < len(own):
            raise _wrong(f"task {role} {index!r} is none of the {len(own)} that the cluster lists")
        return cls((*chief, *worker), index + len(chief) * (role == "worker"))

    @property
    def others(self) -> list[int]:
        """Lists all workers but this one."""
        return [number for number in range(len(self.addresses)) if number != self.index]

    def wait(self) -> None:
        """Waits until all workers have been started; says so if that takes long.

        TensorFlow itself would wait for an hour, deaf to all signals. Until it listens at this
        worker's port, this does.

        Raises:
            ValueError: the port of this worker is in use.
            TimeoutError: others did not come within SEQ2SEQ_WAIT_SECONDS, 600 by default.
        """
        limit, began, told = _seconds(), time.monotonic(), False
        missing = self.others
        with self._listening():
            while missing := [number for number in missing if not self.answers(number)]:
                waited = time.monotonic() - began
                if waited > limit:
                    raise TimeoutError(
                        f"{self.name(*missing)} did not start within {limit:g} seconds: start one "
                        "process for each worker that TF_CONFIG lists, and let their ports "
                        f"through firewalls; {WAIT} makes all wait longer"
                    )
                if waited > 5 and not told:
                    print(f"waiting for {self.name(*missing)}", file=sys.stderr, flush=True)
                    told = True
                time.sleep(0.3)

    def _listening(self) -> socket.socket:
        port = int(self.addresses[self.index].rpartition(":")[2])
        both = socket.has_dualstack_ipv6()
        family = socket.AF_INET6 if both else socket.AF_INET
        try:
            return socket.create_server(
                ("", port), family=family, backlog=1024, dualstack_ipv6=both
            )
        except OSError as error:
            raise ValueError(
                f"{self.name(self.index)} is this one, but its port cannot be used "
                f"({error.strerror}): is it still training, or is TF_CONFIG another worker's?"
            ) from None

    def answers(self, number: int, seconds: float = 3.0) -> bool:
        """Tells whether something listens at a worker's address."""
        host, _, port = self.addresses[number].rpartition(":")
        try:
            with socket.create_connection((host.strip("[]"), int(port)), timeout=seconds):
                return True
        except OSError:
            return False

    def name(self, *numbers: int) -> str:
        """(1,) -> "worker 1 at host2:12345"."""
        return ", ".join(f"worker {number} at {self.addresses[number]}" for number in numbers)


def _addresses(listed) -> list[str]:
    """Checks a list of addresses."""
    if not isinstance(listed, list):
        raise _wrong(f"{listed!r} is no list of addresses")
    for address in listed:
        if not isinstance(address, str) or not re.fullmatch(r"\S+:[0-9]{1,5}", address):
            raise _wrong(f"{address!r} is no address: write host:port")
    return listed


def _wrong(said: str) -> ValueError:
    return ValueError(f"TF_CONFIG: {said}")


def _seconds() -> float:
    text = os.environ.get(WAIT, "600")
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{WAIT} must be a number of seconds, not {text!r}") from None
