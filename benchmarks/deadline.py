"""Deadline of a provider that drips, and the cost of the door: `python -m benchmarks.deadline`."""

import contextlib
import socket
import statistics
import threading
import time
from collections.abc import Callable

import requests
from django.conf import settings

from ava.upstream import Deadline, Policy, ProviderUnreachable, Service, door, register
from ava.upstream.transport import Operation, Transport
from benchmarks.table import show, versions

DEADLINE = 1.0
REQUESTS = 1000
RUNS = 7

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n"


def serve(talk: Callable[[socket.socket], None]) -> str:
    """Run `talk` for each connection; the URL to reach it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def connection(sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock:
            talk(sock)

    def accept() -> None:
        while True:
            sock, _ = listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=connection, args=(sock,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def answer(sock: socket.socket) -> None:
    while sock.recv(65536):
        sock.sendall(OK)


def drip(sock: socket.socket, at_once: bytes, slowly: bytes) -> None:
    sock.recv(65536)
    sock.sendall(at_once)
    for i in range(len(slowly)):
        sock.sendall(slowly[i : i + 1])
        time.sleep(0.25)


def drip_head(sock: socket.socket) -> None:
    drip(sock, b"", HEAD + b"x" * 40)


def drip_body(sock: socket.socket) -> None:
    drip(sock, HEAD, b"x" * 40)


def seconds_until_over(url: str, send: Callable[[str], object]) -> str:
    started = time.perf_counter()
    with contextlib.suppress(requests.RequestException, ProviderUnreachable):
        send(url)
    return f"{time.perf_counter() - started:.2f} s"


def with_requests(url: str) -> object:
    return requests.get(url, timeout=(DEADLINE, DEADLINE))


def with_door(url: str) -> object:
    global _url
    _url = url
    return door("bench").send("GET", "/", deadline=DEADLINE)


def drips() -> None:
    rows = []
    for name, talk in (("head", drip_head), ("body", drip_body)):
        for whose, send in (("requests", with_requests), ("AVA", with_door)):
            rows.append(
                (f"{name}, {whose}, {DEADLINE:.0f} s", seconds_until_over(serve(talk), send))
            )
    show("a byte every 250 ms: over after", rows)


def costs() -> None:
    global _url
    url = _url = serve(answer)
    session = requests.Session()
    session.trust_env = False
    transport = Transport(Service("bench", "Bench"), Policy(bulkhead=8, max_body=10_000))
    prepared = transport.prepare(requests.Request("GET", url))

    def operation() -> Operation:
        return Operation("bench", "GET", "/", Deadline(10), is_probe=False)

    ways: list[tuple[str, Callable[[], object]]] = [
        ("requests' Session.get", lambda: session.get(url, timeout=10)),
        ("transport", lambda: transport.exchange(prepared, operation())),
        ("the whole door", lambda: door("bench").send("GET", "/")),
    ]
    figures: dict[str, list[float]] = {name: [] for name, _ in ways}
    for _ in range(RUNS):  # in turn, so that what else the machine does hits all alike
        for name, way in ways:
            started = time.perf_counter()
            for _ in range(REQUESTS):
                way()
            figures[name].append((time.perf_counter() - started) / REQUESTS * 1e6)
    rows = [
        (name, f"{statistics.median(found):.0f} us ({min(found):.0f})")
        for name, found in figures.items()
    ]
    show(f"one request over loopback: median (best) of {RUNS} x {REQUESTS}", rows)


_url = ""

if __name__ == "__main__":
    settings.configure(
        BREAKER_THRESHOLD=3,
        BREAKER_RECOVERY_SECONDS=30,
        BREAKER_SUCCESS_THRESHOLD=2,
        REDIS_URL=None,
    )
    register(Service("bench", "Bench"), base_url=lambda: _url, policy=Policy(attempts=1))
    print(versions("requests", "urllib3"))
    drips()
    costs()
