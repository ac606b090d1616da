"""A part that only answers: 200 to every GET on the port that the data folder gives it. Its child outlives nobody."""

import http.server
import json
import os
import signal
import sys
from pathlib import Path


class Answer(http.server.BaseHTTPRequestHandler):
    """200 to everything."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ports = json.loads((Path(os.environ["YIQIJIU_HOME"]) / "ports.json").read_text())
    http.server.ThreadingHTTPServer(("127.0.0.1", ports[sys.argv[1]]), Answer).serve_forever()
