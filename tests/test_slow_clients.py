"""Clients that are slow on purpose hold none of AVA's threads, and no honest one is cut.

The limits are those of `ava.server.run` and `ava.server.receiving`, made short.
"""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import HTTPConnection

import pytest
import requests

from ava.conf.env import VARIABLES
from ava.server.pace import QUIET
from tests.server import RunningAva

pytestmark = pytest.mark.slow

HEAD, BODY = 2, 3.0
MOST_HELD = 2 * 1024 * 1024
# More than AVA has threads.
CROWD = 8 + next(v.default for v in VARIABLES if v.name == "AVA_THREADS")

HALF_A_HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
HALF_A_BODY = (
    b"POST /api/v1/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b'Content-Length: 1000\r\n\r\n{"identifier": "'
)
WANTS_CLOSE = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def ava(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAva]:
    hook = (
        "from ava.server import receiving\n"
        f"receiving.SECONDS, receiving.MOST_HELD = {BODY}, {MOST_HELD}\n"
        "from ava.server import run as server\n"
        f"server.HEAD_SECONDS = {HEAD}\n"
    )
    with RunningAva(tmp_path_factory.mktemp("var"), hook=hook) as running:
        yield running.login()


@contextmanager
def crowd(ava: RunningAva, sent: bytes, *, buffer: int = 0) -> Iterator[list[socket.socket]]:
    """Connections that have sent this and keep silent."""
    with ExitStack() as stack:
        clients = []
        for _ in range(CROWD):
            client = stack.enter_context(socket.socket())
            if buffer:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            client.connect(("127.0.0.1", ava.port))
            client.settimeout(20)
            client.sendall(sent)
            clients.append(client)
        time.sleep(0.2)
        yield clients


def seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def healthy(ava: RunningAva) -> None:
    assert requests.get(f"{ava.url}/healthz", timeout=25).ok


def rest(client: socket.socket) -> bytes:
    """What AVA sends until it closes the connection."""
    received = b""
    try:
        while piece := client.recv(65536):
            received += piece
    except ConnectionResetError:
        pass
    return received


# Where slow clients held threads, this took whole seconds.
AT_ONCE = 1.0


def test_half_sent_heads_hold_no_thread_and_are_cut(ava: RunningAva) -> None:
    with crowd(ava, HALF_A_HEAD) as clients:
        assert seconds(lambda: healthy(ava)) < AT_ONCE
        assert [rest(client) for client in clients] == [b""] * CROWD


def test_a_head_that_drips_is_cut(ava: RunningAva) -> None:
    with socket.create_connection(("127.0.0.1", ava.port)) as client:
        client.sendall(HALF_A_HEAD)
        began = time.monotonic()
        with suppress(BrokenPipeError, ConnectionResetError):
            while time.monotonic() - began < HEAD + 5:
                client.sendall(b"a")
                time.sleep(0.1)
    assert time.monotonic() - began < HEAD + 2


def test_half_sent_bodies_hold_no_thread_and_are_refused(ava: RunningAva) -> None:
    with crowd(ava, HALF_A_BODY) as clients:
        assert seconds(lambda: healthy(ava)) < AT_ONCE
        answers = [rest(client) for client in clients]
    assert all(answer.startswith(b"HTTP/1.1 400 ") for answer in answers), set(answers)
    assert all(b"x-correlation-id: " in answer for answer in answers)
    assert all(b"The body did not arrive in time." in answer for answer in answers)
    assert "Traceback" not in ava.output()


def test_a_body_that_drips_is_cut(ava: RunningAva) -> None:
    with socket.create_connection(("127.0.0.1", ava.port)) as client:
        client.sendall(HALF_A_BODY)
        began = time.monotonic()
        with suppress(BrokenPipeError, ConnectionResetError):
            while time.monotonic() - began < BODY + 5:
                client.sendall(b"a")
                time.sleep(0.1)
    assert time.monotonic() - began < BODY + 2


def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_fault(ava: RunningAva) -> None:
    with crowd(ava, HALF_A_BODY):
        pass
    healthy(ava)
    assert "Traceback" not in ava.output()


def test_bodies_beyond_what_ava_holds_are_refused_the_oldest_first(ava: RunningAva) -> None:
    part = MOST_HELD // 4
    head = HALF_A_BODY.split(b"\r\n\r\n", 1)[0].replace(b"1000", str(2 * part).encode())
    with crowd(ava, head + b"\r\n\r\n" + b" " * part) as clients:
        # As many as there is room for are still waited for.
        answers = [rest(client) for client in clients]
        assert sum(answer.startswith(b"HTTP/1.1 503 ") for answer in answers) == CROWD - 4
        assert sum(answer.startswith(b"HTTP/1.1 400 ") for answer in answers) == 4
    with crowd(ava, head + b"\r\n\r\n" + b" " * part):
        login = {"identifier": "nobody@example.com", "password": "wrong"}
        answer = requests.post(f"{ava.url}/api/v1/auth/login", json=login, timeout=20)
        assert answer.status_code == 401
    # Once the crowd has left there is room again.
    for _ in range(8):
        answer = requests.post(f"{ava.url}/api/v1/auth/login", b" " * (part // 2), timeout=20)
        assert answer.status_code == 413
    assert "Traceback" not in ava.output()


def test_silent_connections_hold_no_thread(ava: RunningAva) -> None:
    with crowd(ava, b""):
        assert seconds(lambda: healthy(ava)) < AT_ONCE


def test_clients_that_never_close_delay_no_other(ava: RunningAva) -> None:
    with crowd(ava, WANTS_CLOSE):
        assert seconds(lambda: healthy(ava)) < AT_ONCE


def test_clients_that_do_not_read_their_answer_hold_no_thread(ava: RunningAva) -> None:
    page = requests.get(f"{ava.url}/api/docs", timeout=10).text
    file = next(part for part in page.split('"') if "swagger-ui-bundle" in part)
    ask = f"GET {file} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() * 8
    with crowd(ava, ask, buffer=4096):
        assert seconds(lambda: healthy(ava)) < AT_ONCE
    assert "Traceback" not in ava.output()


def test_an_idle_connection_is_kept_for_a_while(ava: RunningAva) -> None:
    with closing(HTTPConnection("127.0.0.1", ava.port, timeout=10)) as client:
        client.request("GET", "/healthz")
        assert client.getresponse().read() == b'{"status": "ok"}'
        kept = client.sock
        time.sleep(HEAD / 2)
        client.request("GET", "/healthz")
        assert client.getresponse().read() == b'{"status": "ok"}'
        assert client.sock is kept


def test_a_body_that_comes_in_pieces_arrives(ava: RunningAva) -> None:
    body = b'{"identifier": "nobody@example.com", "password": "wrong"}'
    head = HALF_A_BODY.split(b"\r\n\r\n", 1)[0].replace(b"1000", str(len(body)).encode())
    with socket.create_connection(("127.0.0.1", ava.port), timeout=5) as client:
        for piece in (head[:30], head[30:] + b"\r\n\r\n" + body[:9], body[9:20], body[20:]):
            client.sendall(piece)
            time.sleep(0.3)
        assert client.recv(65536).startswith(b"HTTP/1.1 401 ")


def test_a_slow_provider_is_waited_for(ava: RunningAva) -> None:
    ava.fault(provider="vapi", kind="slow", delay_ms=int(1000 * (BODY + 1)))
    try:
        assert ava.call("GET", "/vapi/settings").status_code == 200
    finally:
        ava.heal()


def test_a_client_that_asks_again_at_once_is_refused_more_and_more_slowly(tmp_path):
    with RunningAva(tmp_path / "var", RATE_LIMIT_PER_MINUTE="1") as ava:
        # Wherever a second ends, one of them has more than are sent at once.
        refused = 2 * QUIET + 10

        def ask(session: requests.Session) -> None:
            for _ in range(1 + refused):
                last = session.get(f"{ava.url}/api/v1/auth/me", timeout=20)
            assert last.status_code == 429
            assert last.json()["code"] == "rate_limited"

        with requests.Session() as session:
            # Only the least is certain: a slow machine may spread them over several seconds.
            assert seconds(lambda: ask(session)) > 0.5
        for _ in range(3):  # On new connections, too, each whole.
            answer = requests.get(f"{ava.url}/api/v1/auth/me", timeout=20)
            assert answer.json()["status"] == 429
        assert ava.stop() == 0
