"""An app that providers call back, over real sockets."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

PATIENCE_S = 20


@dataclass(frozen=True)
class Callback:
    """A request that arrived. `path` with its query; `fields` of a form-encoded body."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def fields(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


Answer = Callable[[Callback], tuple[int, str]]


@dataclass
class App:
    """Keeps what arrives; `answers` by path without query, else 204."""

    url: str = ""
    arrived: list[Callback] = field(default_factory=list)
    answers: dict[str, Answer | str] = field(default_factory=dict)
    seen: threading.Condition = field(default_factory=threading.Condition)

    def take(self, callback: Callback) -> tuple[int, str]:
        with self.seen:
            self.arrived.append(callback)
            self.seen.notify_all()
        answer = self.answers.get(callback.path.partition("?")[0], "")
        if isinstance(answer, str):
            return (200, answer) if answer else (204, "")
        return answer(callback)

    def at(self, path: str) -> list[Callback]:
        """Requests that arrived at a path."""
        return [one for one in self.arrived if one.path.partition("?")[0] == path]

    def wait_for(self, path: str, count: int) -> list[Callback]:
        """Requests that arrived at a path, once that many have."""
        end = time.monotonic() + PATIENCE_S
        with self.seen:
            while len(self.at(path)) < count:
                assert self.seen.wait(end - time.monotonic()), (path, self.arrived)
            return self.at(path)


@contextmanager
def running_app() -> Iterator[App]:
    app = App()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, text = app.take(Callback(self.command, self.path, headers, body))
            if status == 0:
                return  # hangs up without an answer
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST  # noqa: N815 - the base class looks for this name

        def log_message(self, *args: object) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 256
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    app.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield app
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def until(true: Callable[[], object]) -> None:
    """Wait until something is true."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "it never became true"
        time.sleep(0.01)
