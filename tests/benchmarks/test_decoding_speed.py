"""Times generating beside CTranslate2 and Hugging Face, with the same weights: `make benchmark`.

Set DECODED_RUN to a trained run of a Transformer (pre-norm, all embeddings tied), DECODED_TEXTS to
a file of its source texts, and HUGGING_FACE to a Python that has torch and transformers, where
they are to run too. Each engine is a process of its own and answers in turns; ours is the exported
SavedModel, text in and text out, the others are given pieces or ids. The batch of each is that
which was fastest of those tried.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from seq2seq.engines.engine import make_engine
from seq2seq.export import export
from seq2seq.run import Run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("DECODED_RUN" not in os.environ, reason="DECODED_RUN names no run"),
]
HERE = Path(__file__).parent
TURNS = int(os.environ.get("TURNS", 5))
BATCHES = (32, 64, 128)
ALONE = 50
# Keeps freed memory, which made torch up to 1.7 times as fast where page faults are dear.
MALLOC = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(2**34),
    "MALLOC_TOP_PAD_": str(2**29),
}
WIDTHS = {"greedy": 1, "beam 5": 5}


class Engine:
    """A process of decoding_engine.py that works when it is asked."""

    def __init__(self, python, kind, folder, path, **work):
        path.write_text(json.dumps(work))
        self.process = subprocess.Popen(
            [python, HERE / "decoding_engine.py", kind, folder, path],
            env=os.environ | MALLOC | {"TF_CPP_MIN_LOG_LEVEL": "3"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, what):
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.communicate(timeout=60)


class Engines:
    """All engines of one search, of which each answers in its fastest batches."""

    def __init__(self, width, folder):
        self.width, self.folder = width, folder
        searched = ["search.penalty=average", "search.length_penalty=1.0", f"search.width={width}"]
        self.run = Run(os.environ["DECODED_RUN"], searched)
        self.texts = Path(os.environ["DECODED_TEXTS"]).read_text("utf-8").splitlines()[:1000]
        generator = self.run.generator()
        tokenizer = generator.source_tokenizer
        ids = [row + [2] for row in tokenizer.tokenize(self.texts).to_list()]
        pieces = tokenizer.pieces()
        self.given = {
            "saved_model": self.texts,
            "ctranslate2": [[pieces[id_] for id_ in row[:-1]] for row in ids],
            "hugging_face": ids,
        }
        self.order = sorted(range(len(ids)), key=lambda place: -len(ids[place]))
        export(generator, folder / "saved", self.texts[:4])
        make_engine("ctranslate2").write(generator, folder / "engine", self.texts[:2])

    def asked(self):
        """Names engines -> (Python, kind, folder, settings)."""
        average = {"length_penalty": 1.0} if self.width > 1 else {}
        translated = {"beam_size": self.width, "max_input_length": 0, "max_batch_size": 0} | average
        theirs = lambda compute: {"compute": compute, "search": translated}
        made = {
            "ours": (sys.executable, "saved_model", self.folder / "saved" / "1", {}),
            "CTranslate2 float32": self._ctranslate2(theirs("float32")),
            "CTranslate2 int8": self._ctranslate2(theirs("int8")),
        }
        python = os.environ.get("HUGGING_FACE")
        if python:
            from hugging_face_model import write_arrays

            write_arrays(self.run.model(), self.folder)
            beams = {"num_beams": self.width, "do_sample": False, "max_new_tokens": 100}
            beams |= {"early_stopping": True} | average if self.width > 1 else {}
            made["Hugging Face"] = (python, "hugging_face", self.folder, {"search": beams})
        return made

    def _ctranslate2(self, settings):
        return sys.executable, "ctranslate2", self.folder / "engine", settings

    def start(self, name, batch):
        python, kind, folder, settings = self.asked()[name]
        given = [self.given[kind][place] for place in self.order]
        chunks = [given[first : first + batch] for first in range(0, len(given), batch)]
        alone = given[:: len(given) // ALONE]
        path = self.folder / f"{name}-{batch}.json"
        return Engine(python, kind, folder, path, chunks=chunks, alone=alone, settings=settings)

    def fastest(self, name):
        """Starts an engine for each size of batch, and keeps the fastest."""
        took = {}
        for batch in BATCHES:
            engine = self.start(name, batch)
            took[batch] = min(sum(engine.ask("chunks")) for _ in range(2)), batch, engine
        _, batch, kept = min(took.values(), key=lambda each: each[:2])
        for _, _, engine in took.values():
            if engine is not kept:
                engine.close()
        return batch, kept


@pytest.mark.parametrize("name", WIDTHS)
def test_an_export_generates_as_fast_as_engines_in_c(name, tmp_path):
    engines = Engines(WIDTHS[name], tmp_path)
    started = {each: engines.fastest(each) for each in engines.asked()}
    seconds = {each: [] for each in started}
    alone = {each: [] for each in started}
    for _ in range(TURNS):
        for each, (_, engine) in started.items():
            seconds[each].append(sum(engine.ask("chunks")))
            alone[each].append(statistics.median(engine.ask("alone")))
    print(f"\n{name}, {len(engines.texts)} texts, medians of {TURNS} in turns")
    speed = {each: len(engines.texts) / statistics.median(seconds[each]) for each in started}
    delay = {each: statistics.median(alone[each]) for each in started}
    for each, (batch, engine) in started.items():
        least, most = min(seconds[each]), max(seconds[each])
        print(
            f"{each}, batches of {batch}: {speed[each]:.1f} texts a second "
            f"({len(engines.texts) / most:.1f} to {len(engines.texts) / least:.1f}), "
            f"ours {speed['ours'] / speed[each]:.2f} times; alone {1000 * delay[each]:.1f} ms, "
            f"ours {delay['ours'] / delay[each]:.2f} times"
        )
        engine.close()
    assert speed["ours"] >= speed["CTranslate2 float32"]
    assert speed["ours"] >= 0.7 * speed["CTranslate2 int8"]
    assert speed["ours"] >= 3 * speed.get("Hugging Face", 0)
    assert delay["ours"] <= 1.5 * delay["CTranslate2 float32"]
