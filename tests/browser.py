"""A page in a real Chromium, for tests: it runs a script on an origin of its own and reports."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import pytest

INSTALL = "apt-get install -y --no-install-recommends chromium"
CHROMIUM = shutil.which("chromium")
_SECONDS = 120
_PAGE = """<!doctype html><meta charset="utf-8"><title>Test</title><script type="module">
const report = body => fetch("/report", {method: "POST", body: JSON.stringify(body)});
try { await report({found: await (async () => { %s })()}); }
catch (fault) { await report({fault: String(fault)}); }
</script>"""

needed = pytest.mark.skipif(CHROMIUM is None, reason=f"no Chromium here: {INSTALL}")


class Page:
    """Serves one page. Its script is the body of an async function; `run` has what it returns."""

    def __init__(self) -> None:
        self.script = ""
        self.reports: Queue[dict[str, Any]] = Queue()
        page = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._send((_PAGE % page.script).encode())

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                page.reports.put(json.loads(self.rfile.read(length)))
                self._send(b"")

            def _send(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://localhost:{self.server.server_port}"

    def run(self, script: str, profile: Path) -> Any:
        """What the script returns, in a browser that knows nothing yet."""
        self.script = script
        assert CHROMIUM is not None
        command = [
            *(CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-dev-shm-usage", "--disable-background-networking"),
            *(f"--user-data-dir={profile}", "--remote-debugging-port=0", f"{self.origin}/"),
        ]
        silent = subprocess.DEVNULL
        with subprocess.Popen(command, stdout=silent, stderr=silent) as browser:
            try:
                report = self.reports.get(timeout=_SECONDS)
            finally:
                browser.terminate()
        assert "fault" not in report, report
        return report["found"]


@contextmanager
def page() -> Iterator[Page]:
    """A page on a free port."""
    made = Page()
    thread = Thread(target=made.server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        thread.join()
        made.server.server_close()
