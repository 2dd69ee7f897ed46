"""Stands in for tensorflow_model_server: keeps what it was given, answers, waits for a signal.

It writes to the folder FAKE_FOLDER: its arguments, the files that they name, and the signal.
"""

import http.server
import json
import os
import pathlib
import signal
import sys
import threading

folder = pathlib.Path(os.environ["FAKE_FOLDER"])
flags = dict(word.removeprefix("--").partition("=")[::2] for word in sys.argv[1:])
files = {name: pathlib.Path(path).read_text() for name, path in flags.items() if "_file" in name}
(folder / "told.json").write_text(json.dumps({"flags": flags, "files": files}))
asked = []


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(self.path)
        state = "LOADING" if len(asked) < 3 else "AVAILABLE"
        body = json.dumps({"model_version_status": [{"version": "1", "state": state}]}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def leave(number, frame):
    told = {"signal": number, "asked": asked}
    (folder / "left.json").write_text(json.dumps(told))
    os._exit(0)


signal.signal(signal.SIGTERM, leave)
if "fail" in os.environ.get("FAKE_WAY", ""):
    sys.exit(3)
server = http.server.HTTPServer(("127.0.0.1", int(flags["rest_api_port"])), Handler)
threading.Thread(target=server.serve_forever).start()
signal.pause()
