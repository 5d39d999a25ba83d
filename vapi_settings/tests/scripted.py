"""A scripted Vapi on a real socket, which records its requests."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit


class ScriptedVapi:
    """Answers by method and path; 404 to anything else."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: dict[tuple[str, str], tuple[int, Any]] = {}
        self.heard: list[tuple[str, str, dict[str, str], Any, Any]] = []

    def on(self, method: str, path: str, status: int, body: Any) -> None:
        """From now on this is the answer; bytes as they are, anything else as JSON."""
        self.answers[method, path] = (status, body)

    def bodies(self, method: str, path: str) -> list[Any]:
        """What was sent there."""
        return [body for m, p, _, body, _ in self.heard if (m, p) == (method, path)]

    def queries(self, method: str, path: str) -> list[dict[str, str]]:
        """What it was asked with."""
        return [query for m, p, query, _, _ in self.heard if (m, p) == (method, path)]


@contextmanager
def scripted_vapi() -> Iterator[ScriptedVapi]:
    """A running one."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.loads(raw) if raw else None
            played.heard.append(
                (self.command, url.path, dict(parse_qsl(url.query)), body, self.headers)
            )
            status, said = played.answers.get((self.command, url.path), (404, {"message": "no"}))
            content = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815 - the name that http.server looks for

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    played = ScriptedVapi(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield played
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
