"""Times generating beside CTranslate2 and Hugging Face, with the same weights: `make benchmark`.

Set DECODED_RUN to a trained run of a Transformer (pre-norm, all embeddings tied), DECODED_TEXTS to
a file of its source texts, and HUGGING_FACE to a Python that has torch and transformers, where
they are to run too. ALLOCATOR may name a library whose malloc all engines take, such as that of
Debian's libtcmalloc-minimal4. Each engine is a process of its own and answers in turns; ours is the
exported SavedModel, text in and text out, in float32 and in bfloat16, the others are given pieces
or ids. The size of batches, how many run at once and on how many threads each are what was fastest
of those tried, for each engine.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from seq2seq.engines.engine import make_engine
from seq2seq.export import export
from seq2seq.kept_weights.constant_model import constant
from seq2seq.run import Run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("DECODED_RUN" not in os.environ, reason="DECODED_RUN names no run"),
]
HERE = Path(__file__).parent
TURNS = int(os.environ.get("TURNS", 5))
# Sentences of a batch, threads of an operation, batches at once.
WAYS = [(64, 2, 1), (128, 2, 1)]
PARALLEL_WAYS = [(128, 2, 1), (64, 1, 2), (128, 1, 2), (256, 1, 2)]
LATENCY_WAYS = {"one core each": [(1, 1, 1)], "fastest": [(1, 1, 1), (1, 2, 1)]}
ALONE = 50
# Keeps freed memory, which made torch up to 1.7 times as fast where page faults are dear.
MALLOC = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(2**34),
    "MALLOC_TOP_PAD_": str(2**29),
}
if "ALLOCATOR" in os.environ:
    MALLOC["LD_PRELOAD"] = os.environ["ALLOCATOR"]
SHORT = "generator.precision=bfloat16"
BEAM = ["search.penalty=average", "search.length_penalty=1.0", "search.width=5"]
SEARCHES = {"greedy": (1, ["search.kind=greedy_search"]), "beam 5": (5, BEAM)}


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

    def __init__(self, width, searched, folder):
        self.width, self.folder = width, folder
        self.run = Run(os.environ["DECODED_RUN"], searched)
        self.texts = Path(os.environ["DECODED_TEXTS"]).read_text("utf-8").splitlines()[:1000]
        generator = self.run.generator()
        tokenizer = generator.source_tokenizer
        ids = [row + [2] for row in tokenizer.tokenize(tf.constant(self.texts)).to_list()]
        pieces = tokenizer.pieces()
        self.given = {
            "saved_model": self.texts,
            "ctranslate2": [[pieces[id_] for id_ in row[:-1]] for row in ids],
            "hugging_face": ids,
        }
        self.order = sorted(range(len(ids)), key=lambda place: -len(ids[place]))
        export(constant(generator), folder / "saved", self.texts[:4], ["nbest"])
        short = Run(os.environ["DECODED_RUN"], [*searched, SHORT]).generator()
        export(constant(short), folder / "short", self.texts[:4], ["nbest"])
        make_engine("ctranslate2").write(generator, folder / "engine", self.texts[:2])

    def asked(self):
        """Names engines -> (Python, kind, folder, settings)."""
        average = {"length_penalty": 1.0} if self.width > 1 else {}
        translated = {"beam_size": self.width, "max_input_length": 0, "max_batch_size": 0} | average
        theirs = lambda compute: {"compute": compute, "search": translated}
        made = {
            "ours float32": (sys.executable, "saved_model", self.folder / "saved" / "1", {}),
            "ours bfloat16": (sys.executable, "saved_model", self.folder / "short" / "1", {}),
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

    def start(self, name, way):
        batch, threads, at_once = way
        python, kind, folder, settings = self.asked()[name]
        given = [self.given[kind][place] for place in self.order]
        work = {
            "chunks": [given[first : first + batch] for first in range(0, len(given), batch)],
            "alone": given[:: len(given) // ALONE],
            "settings": settings,
            "threads": threads,
            "at_once": at_once,
        }
        path = self.folder / f"{name}-{batch}-{threads}-{at_once}.json"
        return Engine(python, kind, folder, path, **work)

    def fastest(self, name, ways, seconds):
        """Starts an engine in several ways, and keeps the fastest -> (way, engine)."""
        took = []
        for way in ways:
            engine = self.start(name, way)
            took.append((min(seconds(engine) for _ in range(2)), way, engine))
        took.sort(key=lambda each: each[:2])
        for _, _, engine in took[1:]:
            engine.close()
        return took[0][1:]

    def close(self):
        for _, engine in self.started.values():
            engine.close()

    def in_turns(self, ways, seconds):
        """Starts all engines in the fastest of ways(name) -> of each turn {name: seconds}."""
        self.started = {name: self.fastest(name, ways(name), seconds) for name in self.asked()}
        return [
            {name: seconds(engine) for name, (_, engine) in self.started.items()}
            for _ in range(TURNS)
        ]


@pytest.fixture(scope="module", params=SEARCHES)
def engines(request, tmp_path_factory):
    return Engines(*SEARCHES[request.param], tmp_path_factory.mktemp("engines"))


def told(engines, turns, unit):
    """Prints what each engine took -> {name: its time over ours, the median over turns}.

    Ours is the one of the two that is faster.
    """
    over, middle_of = {}, lambda name: statistics.median(turn[name] for turn in turns)
    ours = min(("ours float32", "ours bfloat16"), key=middle_of)
    print(f"\nwidth {engines.width}, {len(engines.texts)} texts, medians of {TURNS} in turns")
    for name, (way, _) in engines.started.items():
        took = sorted(turn[name] for turn in turns)
        over[name] = statistics.median(turn[name] / turn[ours] for turn in turns)
        least, middle, most = (unit(each) for each in (took[0], statistics.median(took), took[-1]))
        ways = "batch {}, {} threads, {} at once".format(*way)
        print(f"{name} ({ways}): {middle} ({least} to {most}), time over ours {over[name]:.2f}")
    engines.close()
    return over


def test_an_export_generates_as_fast_as_engines_in_c(engines):
    # Python's threads would wait for each other in Hugging Face's.
    ways = lambda name: WAYS if name == "Hugging Face" else PARALLEL_WAYS
    turns = engines.in_turns(ways, lambda engine: engine.ask("chunks"))
    count = len(engines.texts)
    over = told(engines, turns, lambda seconds: f"{count / seconds:.1f} texts/s")
    assert over["CTranslate2 float32"] >= 1
    assert over["CTranslate2 int8"] >= 0.7
    assert over.get("Hugging Face", 3) >= 3


@pytest.mark.parametrize("ways", LATENCY_WAYS.values(), ids=LATENCY_WAYS)
def test_an_export_answers_a_text_alone_almost_as_soon_as_engines_in_c(engines, ways):
    alone = lambda engine: statistics.median(engine.ask("alone"))
    over = told(
        engines,
        engines.in_turns(lambda name: ways, alone),
        lambda seconds: f"{1000 * seconds:.1f} ms",
    )
    assert over["CTranslate2 float32"] >= 1 / 1.5
