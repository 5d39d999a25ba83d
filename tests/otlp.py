"""OTLP/HTTP receiver of the tests' own: it keeps the spans that arrive, and prints them as trees.

By hand, to see what AVA sends: `python -m tests.otlp 4318`.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

_SECONDS = 15


@dataclass(frozen=True)
class Received:
    """One span. IDs are bytes; `links` are those of other spans."""

    name: str
    trace: bytes
    id: bytes
    parent: bytes
    kind: int
    failed: bool
    milliseconds: float
    attributes: dict[str, Any]
    events: list[tuple[str, dict[str, Any]]]
    links: list[tuple[bytes, bytes]]
    resource: dict[str, Any]


class Receiver:
    """A collector on a free port. `hold` keeps every answer back; `raw` is all that has come."""

    def __init__(self, port: int = 0) -> None:
        self.spans: list[Received] = []
        self.raw: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.hold = threading.Event()
        self.hold.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.hold.wait()
                receiver._keep(self.path, dict(self.headers), body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *ended: object) -> None:
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()

    def named(self, name: str) -> list[Received]:
        return [span for span in list(self.spans) if span.name == name]

    def await_span(self, name: str, when: Callable[[Received], bool] = bool) -> Received:
        """The first span of this name for which that holds, once it is here."""
        give_up = time.monotonic() + _SECONDS
        while time.monotonic() < give_up:
            for span in self.named(name):
                if when(span):
                    return span
            time.sleep(0.02)
        raise AssertionError(f"no span {name}; there are {sorted({s.name for s in self.spans})}")

    def children(self, parent: Received) -> list[Received]:
        return [s for s in self.spans if (s.trace, s.parent) == (parent.trace, parent.id)]

    def trees(self) -> Iterator[str]:
        """Each trace as indented lines."""
        known = {span.id for span in self.spans}
        for span in list(self.spans):
            if span.parent not in known:
                yield "\n".join(self._lines(span, 0))

    def _lines(self, span: Received, depth: int) -> Iterator[str]:
        yield (
            f"{span.trace.hex()[:8]} {'  ' * depth}{'! ' if span.failed else ''}{span.name}"
            f" {span.milliseconds:.1f} ms [{span.resource.get('service.instance.id')}]"
            f" {span.attributes}"
            + "".join(f" event: {event}" for event in span.events)
            + "".join(f" -> {trace.hex()[:8]}/{one.hex()[:8]}" for trace, one in span.links)
            + (f" (below {span.parent.hex()})" if span.parent and not depth else "")
        )
        for child in self.children(span):
            yield from self._lines(child, depth + 1)

    def _keep(self, path: str, headers: dict[str, str], body: bytes) -> None:
        assert path == "/v1/traces", path
        self.raw.append(body)
        self.headers.append(headers)
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            resource = _read(group.resource.attributes)
            for scope in group.scope_spans:
                self.spans += [_received(span, resource) for span in scope.spans]


def _received(span: Any, resource: dict[str, Any]) -> Received:
    return Received(
        name=span.name,
        trace=span.trace_id,
        id=span.span_id,
        parent=span.parent_span_id,
        kind=span.kind,
        failed=span.status.code == 2,
        milliseconds=(span.end_time_unix_nano - span.start_time_unix_nano) / 1e6,
        attributes=_read(span.attributes),
        events=[(event.name, _read(event.attributes)) for event in span.events],
        links=[(link.trace_id, link.span_id) for link in span.links],
        resource=resource,
    )


def _read(attributes: Any) -> dict[str, Any]:
    return {
        one.key: getattr(one.value, one.value.WhichOneof("value") or "string_value")
        for one in attributes
    }


def main() -> None:
    with Receiver(int(sys.argv[1])) as receiver:
        shown: set[str] = set()
        while True:
            time.sleep(1)
            for tree in receiver.trees():
                if tree not in shown:
                    shown.add(tree)
                    sys.stdout.write(f"{tree}\n\n")
                    sys.stdout.flush()


if __name__ == "__main__":
    main()
