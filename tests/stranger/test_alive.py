"""While strangers attack a running AVA, it answers the others."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.server import RunningAva
from tests.stranger.attacks import ATTACKS

pytestmark = pytest.mark.slow

THREADS = 8
LARGE = [name for name in ATTACKS if not name.startswith("slow")]
# Each attack by itself used to take whole seconds; how little it takes now, script/bench says.
MOST_SECONDS = 3.0


@pytest.fixture(scope="module")
def ava(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAva]:
    with RunningAva(tmp_path_factory.mktemp("alive") / "var") as running:
        yield running


def test_healthz_answers_while_eight_strangers_send_the_worst_there_is(ava: RunningAva) -> None:
    over = threading.Event()

    def attack(number: int) -> None:
        while not over.is_set():
            ATTACKS[LARGE[number % len(LARGE)]](ava.port)

    with ThreadPoolExecutor(THREADS) as pool:
        attackers = [pool.submit(attack, number) for number in range(THREADS)]
        try:
            waits = []
            for _ in range(30):
                began = time.monotonic()
                assert requests.get(f"{ava.url}/healthz", timeout=30).ok
                waits.append(time.monotonic() - began)
        finally:
            over.set()
        for attacker in attackers:
            attacker.result()
    assert max(waits) < MOST_SECONDS
    assert '"status": 500' not in ava.output()
    assert "Traceback" not in ava.output()
    assert '"exc_type"' not in ava.output()


@pytest.mark.parametrize(
    "header",
    [
        "SCRIPT_NAME: /elsewhere",
        "PATH_INFO: /elsewhere",
        "Script-Name: /elsewhere",
        "Content-Type: application/json; charset=zlib",
        "Content-Type: application/json\r\nContent-Type: application/json; charset=zlib",
        "Content-Type: application/json; charset=punycode\r\nContent-Type: application/json",
        "Content-Encoding: gzip",
        "Transfer-Encoding: gzip, chunked",
        "Expect: 200-ok",
        "X-Odd: \xff\xfe",
        "X_Correlation_ID: a\r\nX-Correlation-ID: b",
        "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings",
    ],
)
def test_an_odd_head_is_answered_and_never_with_a_fault(ava: RunningAva, header: str) -> None:
    head = f"POST /api/v1/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}\r\n"
    with socket.create_connection(("127.0.0.1", ava.port), timeout=20) as client:
        client.sendall(f"{head}Connection: close\r\n\r\n".encode("latin-1"))
        answer = b"".join(iter(lambda: client.recv(65536), b"")).decode()
    assert 400 <= int(answer.split()[1]) < 500, answer
    assert "x-correlation-id: " in answer
    assert "application/problem+json" in answer
