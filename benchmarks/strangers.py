"""Times of `/healthz` while strangers attack: `python -m benchmarks.strangers`."""

import multiprocessing
import statistics
import tempfile
import threading
import time
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.table import show, versions
from tests.server import RunningAva
from tests.stranger.attacks import ATTACKS

THREADS = 8
SECONDS = 5.0
# A probe each 20 ms.
PAUSE = 0.02


def attack(name: str, port: int) -> None:
    """Eight threads that know no pause, in a process of their own."""

    def again_and_again() -> None:
        while True:
            ATTACKS[name](port)

    for _ in range(THREADS):
        threading.Thread(target=again_and_again, daemon=True).start()
    time.sleep(2 * SECONDS + 10)


def probe(port: int, *, number: int) -> str:
    """Median and 99th percentile of /healthz, each over a connection of its own."""
    waits = []
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        began = time.perf_counter()
        client = HTTPConnection("127.0.0.1", port, timeout=30)
        # From an address that has not used up its limit with the probes before.
        client.request("GET", "/healthz", headers={"X-Forwarded-For": f"198.51.100.{number}"})
        status = client.getresponse().status
        client.close()
        assert status == 200, status
        waits.append((time.perf_counter() - began) * 1000)
        time.sleep(PAUSE)
    ranked = sorted(waits)
    p99 = ranked[min(len(ranked) - 1, int(len(ranked) * 0.99))]
    return f"{statistics.median(ranked):.1f} / {p99:.1f} ms"


def measure(limit: str) -> None:
    """The figures with this RATE_LIMIT_PER_MINUTE."""
    rows = []
    with tempfile.TemporaryDirectory() as directory:
        var = Path(directory) / "var"
        with RunningAva(var, RATE_LIMIT_PER_MINUTE=limit, AVA_TRUSTED_PROXIES="1") as ava:
            rows.append(("nobody", probe(ava.port, number=0)))
            for number, name in enumerate(ATTACKS, start=1):
                attackers = multiprocessing.Process(target=attack, args=(name, ava.port))
                attackers.start()
                time.sleep(1)
                rows.append((name, probe(ava.port, number=number)))
                attackers.kill()
                attackers.join()
    show(f"/healthz while {THREADS} threads attack, p50 / p99, limit {limit} a minute", rows)


if __name__ == "__main__":
    print(versions("django", "granian"))
    # With the limit that AVA has, and without: a stranger with many addresses.
    measure("10")
    measure("1000000")
