"""Asks a server for many texts at once, as a program of its own: python load_client.py < PLAN

PLAN is JSON: {"host", "port", "path", "texts", "answers" (of the texts, or null), "seconds" (null:
each text once), "rate" (requests a second, whether or not answers come; null: as they come),
"connections"}. Each text is a request. Prints JSON: {"statuses": {status: count}, "wrong": answers
that differ from those given, "failed": connections that broke, "seconds", "accepted" and
"refused": sorted seconds of requests with and without an answer}.
"""

import asyncio
import itertools
import json
import math
import sys
import time
from collections import Counter


class Load:
    """Sends the requests of a plan."""

    def __init__(self, plan):
        self.plan = plan
        self.statuses, self.wrong, self.failed = Counter(), 0, []
        self.accepted, self.refused = [], []
        self._idle = []

    async def run(self):
        """Sends all requests, and waits for all answers."""
        numbers = itertools.cycle(range(len(self.plan["texts"])))
        if self.plan["seconds"] is None:
            numbers = iter(range(len(self.plan["texts"])))
        began = time.perf_counter()
        until = began + (self.plan["seconds"] or math.inf)
        if self.plan["rate"] is None:
            each = (
                self._one_after_another(numbers, until) for _ in range(self.plan["connections"])
            )
            await asyncio.gather(*each)
        else:
            await self._steadily(numbers, began, until)
        return time.perf_counter() - began

    async def _one_after_another(self, numbers, until):
        for number in numbers:
            if time.perf_counter() > until:
                return
            await self._ask(number)

    async def _steadily(self, numbers, began, until):
        open_ = set()
        for count, number in enumerate(numbers):
            due = began + count / self.plan["rate"]
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if due > until:
                break
            task = asyncio.create_task(self._ask(number))
            open_.add(task)
            task.add_done_callback(open_.discard)
        await asyncio.gather(*open_)

    async def _ask(self, number):
        began = time.perf_counter()
        try:
            connection = self._waiting() or await self._connect()
            status, body = await self._exchange(connection, self.plan["texts"][number])
        except (OSError, asyncio.IncompleteReadError, ValueError) as error:
            self.failed.append(repr(error))
            return
        self._idle.append(connection)
        took = time.perf_counter() - began
        self.statuses[status] += 1
        (self.accepted if status == 200 else self.refused).append(took)
        if status == 200 and self.plan["answers"] is not None:
            self.wrong += not self._right(json.loads(body)["predictions"], number)

    def _right(self, found, number):
        (row,), text = found, self.plan["answers"][number]
        return row["text"] == text["text"] and math.isclose(
            row["score"], text["score"], rel_tol=1e-4, abs_tol=1e-4
        )

    def _waiting(self):
        """Takes an open connection that nobody uses; None if there is none."""
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()  # the server had no more patience with it, as any may
        return None

    def _connect(self):
        return asyncio.open_connection(self.plan["host"], self.plan["port"])

    async def _exchange(self, connection, text):
        reader, writer = connection
        body = json.dumps({"instances": [text]}).encode()
        head = f"POST {self.plan['path']} HTTP/1.1\r\nhost: test\r\ncontent-length: {len(body)}"
        writer.write(f"{head}\r\n\r\n".encode() + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(answer.partition("content-length: ")[2].partition("\r\n")[0])
        return int(answer.split()[1]), await reader.readexactly(length)


def main():
    plan = json.load(sys.stdin)
    load = Load(plan)
    seconds = asyncio.run(load.run())
    print(
        json.dumps(
            {
                "statuses": load.statuses,
                "wrong": load.wrong,
                "failed": load.failed,
                "seconds": seconds,
                "accepted": sorted(load.accepted),
                "refused": sorted(load.refused),
            }
        )
    )


if __name__ == "__main__":
    main()
