"""HTTP/1.1 handler of one client's connection, from the request line to the answer."""

import contextlib
import http.server
import urllib.parse
from collections.abc import Callable
from typing import ClassVar

from sandbox.browser_guard import rejection
from sandbox.control import complaint, control
from sandbox.fault_kinds import apply_fault
from sandbox.response_writer import ResponseWriter
from sandbox.state import SandboxState
from sandbox.wire import Answer, Request

LARGEST_BODY = 1_048_576
# With its attachments in Base64: https://resend.com/docs/dashboard/emails/attachments
LARGEST_MAIL = 41_943_040
LONGEST_LINE = 65_536
LONGEST_SILENCE_S = 300


class UnservableError(Exception):
    """A request that is not valid HTTP; carries the answer, the last one of its connection."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves requests of one connection, one after the other, in its own thread."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # A client that neither sends nor reads, in the middle of a request or between two.
    timeout = LONGEST_SILENCE_S
    state: ClassVar[SandboxState]
    listens_on: ClassVar[str]

    def setup(self) -> None:
        super().setup()
        self._counted: dict[str, int] = {}

    def handle_one_request(self) -> None:
        """Read one request and answer it; the base class calls until the connection is to close."""
        self.close_connection = True
        try:
            self.raw_requestline = self.rfile.readline(LONGEST_LINE + 1)
            if not self.raw_requestline:
                return
            if len(self.raw_requestline) > LONGEST_LINE:
                raise UnservableError(complaint(414, "The request line is too long."))
            if not self.parse_request():
                return
            path, query = self._target()
            self._largest = LARGEST_MAIL if path.startswith("/resend/") else LARGEST_BODY
            self._serve(path, query, self._body())
        except UnservableError as refused:
            self._send_and_close(refused.answer)
        except RecursionError:
            self._send_and_close(complaint(400, "The body is nested too deeply."))
        except OSError:
            self.close_connection = True

    def _serve(self, path: str, query: tuple[tuple[str, str], ...], body: bytes) -> None:
        name, slash, rest = path.removeprefix("/").partition("/")
        headers = {key.lower(): value for key, value in self.headers.items()}
        if reason := self._rejection(headers, control=name == "_sandbox"):
            raise UnservableError(complaint(403, reason))
        request = Request(self.command, slash + rest, query, headers, body)
        if name == "_sandbox":
            self._writer(lambda status: None).send(control(self.state, request))
            return
        provider = self.state.providers.get(name)
        if provider is None:
            known = ", ".join(f"/{prefix}" for prefix in self.state.providers)
            sentence = f"Nobody is played here. There are {known}, and /_sandbox to control them."
            self._writer(lambda status: None).send(complaint(404, sentence))
            return
        set_status = self.state.log.add(name, self._counted, request)
        active = self.state.faults.take(name, request.method, request.path)
        writer = self._writer(set_status)
        self.close_connection = True
        if active is None:
            writer.send(provider.answer(request))
        else:
            apply_fault(active, writer, lambda: provider.answer(request), provider.failure)
        if request.method == "GET":
            self.state.network.callbacks.read()
        self.close_connection = writer.close

    def _rejection(self, headers: dict[str, str], *, control: bool) -> str | None:
        hosts: list[str] = self.headers.get_all("Host", [])
        if authority := urllib.parse.urlsplit(self.path).netloc:
            hosts.append(authority)
        ours = (self.listens_on, self.request.getsockname()[0])
        return rejection(self.command, headers, hosts, ours=ours, control=control)

    def _target(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        try:
            parts = urllib.parse.urlsplit(self.path)
            return parts.path, tuple(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
        except ValueError:
            raise UnservableError(complaint(400, "The request target is not a URL.")) from None

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding"):
            return self._chunks()
        return self._exactly(self._length(self.headers.get("Content-Length", "0"), 10))

    def _chunks(self) -> bytes:
        body = bytearray()
        while size := self._length(
            self.rfile.readline(LONGEST_LINE).split(b";")[0].decode("latin-1").strip(), 16
        ):
            body += self._exactly(size)
            if len(body) > self._largest:
                raise UnservableError(complaint(413, "The body is too large."))
            self.rfile.readline(LONGEST_LINE)
        while self.rfile.readline(LONGEST_LINE).strip():
            pass
        return bytes(body)

    def _length(self, text: str, base: int) -> int:
        try:
            size = int(text, base)
        except ValueError:
            size = -1
        if size < 0:
            raise UnservableError(complaint(400, "The body's length is not a number."))
        if size > self._largest:
            raise UnservableError(complaint(413, "The body is too large."))
        return size

    def _exactly(self, size: int) -> bytes:
        body = self.rfile.read(size)
        if len(body) < size:
            raise ConnectionError("the client left in the middle of its body")
        return body

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Errors of the base class, about requests that it cannot parse, as JSON."""
        self._send_and_close(complaint(code, message or "This is not HTTP."))

    def _send_and_close(self, answer: Answer) -> None:
        with contextlib.suppress(OSError):
            self.request.sendall(answer.encode(close=True))
        self.close_connection = True

    def _writer(self, on_status: Callable[[int], None]) -> ResponseWriter:
        return ResponseWriter(
            self.request,
            head_only=self.command == "HEAD",
            close=self.close_connection,
            on_status=on_status,
        )

    def log_message(self, *args: object) -> None:
        """The request log is in memory; the terminal stays quiet."""
