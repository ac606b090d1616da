"""A part that only answers: 200 to every GET on the port that the data folder gives it.

SMALL_PART says how it is special: `stubborn` (does not hear SIGTERM), `refusing` (ends with status 78 at once),
`parent` (starts a child and does not end it).
"""

import http.server
import json
import os
import signal
import subprocess
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


def main(part: str, special: str) -> None:
    """Serve until the end."""
    if special == "refusing":
        print("the colour of the settings is wrong", file=sys.stderr)
        sys.exit(78)
    stubborn = special == "stubborn"
    signal.signal(signal.SIGTERM, signal.SIG_IGN if stubborn else lambda *_: sys.exit(0))
    if special == "parent":
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "a child of a small part"])
    ports = json.loads((Path(os.environ["YIQIJIU_HOME"]) / "ports.json").read_text())
    http.server.ThreadingHTTPServer(("127.0.0.1", ports[part]), Answer).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], os.environ.get("SMALL_PART", ""))
