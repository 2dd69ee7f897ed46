"""What `seq2seq serve` bears and gives: throughput, first answers, twice the load it can serve.

A small model with random weights is served, unless SERVED_MODEL names the folder of an exported
one, SERVED_RUN the run that it came from and SERVED_TEXTS a file of texts. LOAD_SECONDS is how long
it is overloaded.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_text  # noqa: F401 registers its ops

from pipelines.tokenizers.bytes import Bytes
from seq2seq.decoding.beam_search import BeamSearch
from seq2seq.export import export
from seq2seq.generator import Generator
from seq2seq.models.transformer import Transformer
from seq2seq.run import Run
from seq2seq.threads import share_between_batches

ROOT = Path(__file__).parents[2]
CLIENT = Path(__file__).with_name("load_client.py")
LOAD_SECONDS = float(os.environ.get("LOAD_SECONDS", 30))
DEADLINE = 30.0
ALONE = 250  # texts whose answers are compared
CONNECTIONS = 512


@pytest.fixture(scope="module")
def texts():
    if "SERVED_TEXTS" in os.environ:
        return Path(os.environ["SERVED_TEXTS"]).read_text(encoding="utf-8").splitlines()[:1000]
    numbers = np.random.default_rng(5)
    word = lambda: "".join(map(chr, numbers.integers(97, 123, numbers.integers(1, 8))))
    return [" ".join(word() for _ in range(numbers.integers(1, 12))) for _ in range(400)]


@pytest.fixture(scope="module")
def generator(texts):
    share_between_batches()  # as `seq2seq generate` does
    if "SERVED_RUN" in os.environ:
        return Run(Path(os.environ["SERVED_RUN"]), []).generator("best")
    tokenizers = Bytes(), Bytes()
    sizes = [each.size for each in tokenizers]
    shape = {"encoder_layers": 2, "decoder_layers": 2, "units": 64, "hidden": 128, "heads": 4}
    model, noise = Transformer(*sizes, **shape), np.random.default_rng(7)
    for weight in model.trainable_weights:  # a new model finds all ids alike: rounding would decide
        weight.assign_add(noise.normal(scale=0.2, size=weight.shape))
    return Generator(tokenizers, model, BeamSearch(width=4), max_target=40)


@pytest.fixture(scope="module")
def folder(generator, texts, tmp_path_factory):
    """Gives a copy of the exported model: it gets new versions here."""
    folder = tmp_path_factory.mktemp("saved_models") / "translate"
    if "SERVED_MODEL" in os.environ:
        shutil.copytree(os.environ["SERVED_MODEL"], folder)
    else:
        export(generator, folder, texts[:4])
    return folder


@pytest.fixture(scope="module")
def answers(folder, texts):
    """Answers each text alone."""
    serve = tf.saved_model.load(str(folder / "1")).signatures["serving_default"]
    found = [serve(text=tf.constant([text])) for text in texts[:ALONE]]
    plain = lambda each: (each["text"].numpy()[0].decode(), float(each["score"].numpy()[0]))
    return [dict(zip(("text", "score"), plain(each))) for each in found]


class Served:
    """Is a server in a process of its own."""

    def __init__(self, folder, *words):
        command = [sys.executable, "-m", "seq2seq", "serve", str(folder), "--own", "--port", "0"]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [*command, *words], stdout=subprocess.PIPE, text=True, env=environment
        )
        url = re.search(r"http://\S+", self.process.stdout.readline())[0]
        self.started = time.perf_counter() - began
        self.address = urlsplit(url)

    def ask(self, texts, answers=None, seconds=None, rate=None, connections=CONNECTIONS):
        """Asks from a third process -> what load_client.py prints."""
        plan = {"host": "127.0.0.1", "port": self.address.port, "path": self.address.path}
        plan |= {"texts": texts, "answers": answers, "seconds": seconds}
        plan |= {"rate": rate, "connections": connections}
        command = [sys.executable, str(CLIENT)]
        done = subprocess.run(command, input=json.dumps(plan), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def megabytes(self):
        """Tells the memory that the process holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0
        self.process.stdout.close()


@contextmanager
def serving(folder, *words):
    server = Served(folder, *words)
    try:
        yield server
    finally:
        server.end()


def share(sorted_seconds, part):
    return sorted_seconds[min(len(sorted_seconds) - 1, int(len(sorted_seconds) * part))]


@pytest.mark.slow
def test_the_first_answer_is_not_much_slower_than_others(folder, texts):
    with serving(folder) as server:
        first = server.ask(texts[:1], connections=1)["accepted"][0]
        steady = share(server.ask(texts[:30], connections=1)["accepted"], 0.5)
    print(f"\nstart {server.started:.1f} s, first answer {first:.3f} s, median {steady:.3f} s")
    assert first <= 3 * steady


@pytest.mark.slow
def test_merged_requests_are_nearly_as_fast_as_generate(folder, generator, texts):
    speeds = {"generate": [], "serve": []}
    list(generator.generate(texts[:64]))
    with serving(folder) as server:
        server.ask(texts[:128])
        for _ in range(2):
            began = time.perf_counter()
            list(generator.generate(texts))
            speeds["generate"].append(len(texts) / (time.perf_counter() - began))
            found = server.ask(texts)
            assert found["statuses"] == {"200": len(texts)}, found["statuses"]
            speeds["serve"].append(len(texts) / found["seconds"])
    print(f"\ntexts a second: {speeds}")
    assert max(speeds["serve"]) >= 0.8 * max(speeds["generate"])


@pytest.mark.slow
def test_twice_the_load_harms_nobody_while_versions_change(folder, texts, answers):
    texts = texts[:ALONE]
    with serving(folder, "--deadline", str(DEADLINE)) as server:
        found = server.ask(texts * 4, answers * 4)
        assert found["wrong"] == 0
        rate = 2 * len(found["accepted"]) / found["seconds"]
        memory, ended = [server.megabytes()], threading.Event()

        def watch():
            swaps = [LOAD_SECONDS / 3, LOAD_SECONDS * 2 / 3]
            began = time.monotonic()
            while not ended.wait(1):
                memory.append(server.megabytes())
                if swaps and time.monotonic() - began > swaps[0]:
                    swaps.pop(0)
                    number = 1 + max(int(each.name) for each in folder.glob("[0-9]*"))
                    shutil.copytree(folder / "1", folder / "unfinished")
                    (folder / "unfinished").rename(folder / str(number))

        watching = threading.Thread(target=watch)
        watching.start()
        found = server.ask(texts, answers, LOAD_SECONDS, rate)
        ended.set()
        watching.join()
        newest = max(int(each.name) for each in folder.glob("[0-9]*"))
        reply = server.ask(texts[:20], answers[:20])
    accepted, refused = found["accepted"], found["refused"]
    print(
        f"\n{rate:.0f} requests/s for {LOAD_SECONDS:.0f} s, versions up to {newest}: "
        f"{found['statuses']}, wrong {found['wrong']}, broken {len(found['failed'])}; answered "
        f"{len(accepted) / found['seconds']:.1f}/s, p50 {share(accepted, 0.5):.2f} s, "
        f"p99 {share(accepted, 0.99):.2f} s; refused in p50 {share(refused, 0.5) * 1000:.0f} ms, "
        f"p99 {share(refused, 0.99) * 1000:.0f} ms; MB {[round(each) for each in memory[::10]]}"
    )
    assert found["wrong"] == reply["wrong"] == 0 and not found["failed"]
    assert set(found["statuses"]) == {"200", "503"} and newest == 3
    assert share(accepted, 0.99) < DEADLINE and share(refused, 0.99) < 1
    third = len(memory) // 3
    assert max(memory[-third:]) < 1.1 * max(memory[third : 2 * third]), "memory grows"
