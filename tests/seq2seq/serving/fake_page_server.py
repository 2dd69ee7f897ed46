"""A server that answers the page as `seq2seq serve` does, at once and as a test wants it."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from seq2seq.serving.pages import FOLDER, HEADERS, TYPES

LIMITS = {"source_tokens": 64, "target_tokens": 48, "target_per_source": 2.0, "target_margin": 10}
SIGNATURES = {
    "serving_default": {"request": {"instances": [{"text": "A dog runs."}]}},
    "nbest": {"outputs": {"text": {"dtype": "string", "shape": [-1, 3], "axes": "BN"}}},
    "detailed": {},
    "sample": {},
}


def target_of(text):
    """Says what the "model" answers: the text in capitals."""
    return text.upper()


def pieces_of(text):
    """Cuts words in two: "dogs run." -> ["▁do", "gs", "▁r", "un", ".", "</s>"]."""
    halves = []
    for word in text.split():
        stem = word.rstrip(".")
        halves += [f"▁{stem[: len(stem) // 2]}", stem[len(stem) // 2 :], *word[len(stem) :]]
    return [*halves, "</s>"]


def attention_of(rows, columns):
    """Gives weights that all differ; each row adds up to 1."""
    raw = [[1 + (3 * row + 5 * column) % 7 for column in range(columns)] for row in range(rows)]
    return [[weight / sum(row) for weight in row] for row in raw]


def detailed(text):
    source, target = pieces_of(text), pieces_of(target_of(text))
    weights = attention_of(len(target), len(source))
    padded = [row + [0.0] for row in weights] + [[0.0] * (len(source) + 1)]
    return {
        "text": target_of(text),
        "score": -0.5,
        "pieces": [*target, ""],
        "length": len(target),
        "token_scores": [-0.1] * len(target) + [0.0],
        "alignments": padded,
        "source_pieces": [*source, ""],
        "source_length": len(source),
    }


def nbest(text):
    found = target_of(text)
    return {"text": [found, f"{found}!", ""], "score": [-0.5, -1.25, -1e9]}


def sample(text):
    return {"text": f"{target_of(text)}?", "score": -2.0}


ROWS = {
    "serving_default": lambda text: {"text": target_of(text), "score": -0.5},
    "nbest": nbest,
    "detailed": detailed,
    "sample": sample,
}


class FakeServer:
    """Is told what to do by a test, and tells it what was asked.

    faults: (status, what it says) for the next requests to the model, in order.
    parts: if given, each part of a stream waits until it is released.
    asked: (path, JSON) of each request; gone: streams whose listener left.
    """

    def __init__(self):
        self.url = ""
        self.reset()

    def reset(self):
        self.signatures, self.stream = dict(SIGNATURES), True
        self.faults, self.asked, self.gone = [], [], 0
        self.parts, self.failed = None, False

    def about(self):
        serving = {"format": 1, "limits": LIMITS, "signatures": self.signatures}
        return {
            "name": "shouter",
            "version": "3",
            "signatures": sorted(self.signatures),
            "stream": self.stream,
            "serving": serving,
        }

    def bodies(self, signature):
        """Lists what a signature was asked."""
        return [body["inputs"] for _, body in self.asked if body.get("signature_name") == signature]

    def texts(self, signature):
        """Lists the texts that a signature was asked, of all requests."""
        return [text for body in self.bodies(signature) for text in body["text"]]


@contextlib.contextmanager
def fake_server():
    """Serves while the context lasts -> a `FakeServer`."""
    told = FakeServer()
    handler = type("Handler", (Handler,), {"told": told})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        told.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()


class Handler(BaseHTTPRequestHandler):
    told: FakeServer

    def log_message(self, *told):
        pass

    def do_GET(self):
        name = self.path.removeprefix("/page/").removeprefix("/") or "index.html"
        path = FOLDER / name
        if name == "model.json":
            self.reply(200, json.dumps(self.told.about()).encode(), TYPES[".json"], HEADERS)
        elif path.is_file():
            self.reply(200, path.read_bytes(), TYPES[path.suffix], HEADERS)
        else:
            self.reply(404, b"{}", TYPES[".json"])

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.told.asked.append((self.path, body))
        if self.told.faults:
            status, error = self.told.faults.pop(0)
            self.told.failed = True
            self.reply(status, json.dumps({"error": error}).encode(), headers={"retry-after": "0"})
        elif self.path == "/v1/models/shouter:stream":
            self.tell(body["text"])
        elif self.path == "/v1/models/shouter:predict":
            rows = [ROWS[body["signature_name"]](text) for text in body["inputs"]["text"]]
            outputs = {name: [row[name] for row in rows] for name in rows[0]}
            self.reply(200, json.dumps({"outputs": outputs}).encode())
        else:
            self.reply(404, json.dumps({"error": "no such model"}).encode())

    def reply(self, status, body, kind="application/json", headers={}):
        self.send_response(status)
        given = {"content-type": kind, "content-length": str(len(body))}
        for name, value in ({"cache-control": "no-store"} | headers | given).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def tell(self, text):
        """Streams a target by words; fails at "fail", falls silent at "break"."""
        self.send_response(200)
        self.send_header("content-type", "application/x-ndjson")
        self.end_headers()
        words = target_of(text).split(" ")
        parts = [words[0], *(f" {word}" for word in words[1:])]
        lines = [{"part": part} for part in parts]
        lines += [] if "break" in text else [{"done": True}]
        lines = [{"error": "the model fails"} if " FAIL" in str(each) else each for each in lines]
        try:
            for line in lines:
                if self.told.parts is not None:
                    self.told.parts.acquire()
                self.wfile.write(json.dumps(line).encode() + b"\n")
        except ConnectionError:
            self.told.gone += 1
