"""The scrape after 100 worker restarts: `python -m benchmarks.restarts [RESTARTS]`.

Starts AVA with four workers and a Redis, as an operator does, asks for things on every worker, and
kills all workers (SIGKILL) as soon as each has counted something, until so many have died. No
restart is simulated: granian forks every worker, and each writes its metrics.
"""

import os
import signal
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import requests

from benchmarks.table import show, versions
from tests.redis import RedisServer
from tests.server import RunningAva

WORKERS = 4
RESTARTS = 100
# AVA ends where a worker dies twice within 5.5 s.
PAUSE_SECONDS = 6
SCRAPES = 50
PATHS = ("settings", "settings/temperature", "assistants", "phone-numbers", "nowhere")


def main(restarts: int = RESTARTS) -> int:
    with RedisServer() as redis, tempfile.TemporaryDirectory() as directory:
        data_dir = Path(directory) / "var"
        with RunningAva(
            data_dir, WEB_CONCURRENCY=str(WORKERS), REDIS_URL=redis.plain_url, LOG_LEVEL="ERROR"
        ) as ava:
            measure(ava, restarts)
    return 0


def measure(ava: RunningAva, restarts: int) -> None:
    await_counting(ava, set())
    ava.login()
    use(ava)
    before, counted = report(ava), requests_counted(ava)
    died, started = 0, time.monotonic()
    while died < restarts:
        pids = ava.workers()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        died += len(pids)
        await_counting(ava, pids)
        time.sleep(PAUSE_SECONDS)
    seconds = time.monotonic() - started
    use(ava)
    assert requests_counted(ava) >= counted, "a counter went back"
    print(versions("prometheus_client", "granian"))
    show(f"{WORKERS} workers, fresh", before)
    show(f"after {died} were killed ({seconds:.0f} s)", report(ava))


def await_counting(ava: RunningAva, dead: set[int]) -> None:
    """Until as many new workers have set their gauges; a dead one's are deleted."""
    gauges = {f"gauge_livesum_{slot}.db" for slot in range(WORKERS)}
    while len(ava.workers() - dead) < WORKERS or not gauges <= ava.metric_files():
        time.sleep(0.01)


def use(ava: RunningAva) -> None:
    """Many requests at once, so that every worker meets each of the paths."""

    def ask() -> None:
        headers = {"Authorization": str(ava.session.headers["Authorization"])}
        for _ in range(5):
            for path in PATHS:
                requests.get(f"{ava.url}/api/v1/vapi/{path}", headers=headers, timeout=30)
            requests.get(f"{ava.url}/healthz", timeout=30)

    threads = [threading.Thread(target=ask) for _ in range(2 * WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def requests_counted(ava: RunningAva) -> float:
    name = "django_http_requests_before_middlewares_total "
    text = requests.get(f"{ava.url}/metrics", timeout=60).text
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(name))


def report(ava: RunningAva) -> list[tuple[str, str]]:
    taken = []
    for _ in range(SCRAPES):
        started = time.perf_counter()
        text = requests.get(f"{ava.url}/metrics", timeout=60).text
        taken.append((time.perf_counter() - started) * 1000)
    series = sum(not line.startswith("#") for line in text.splitlines())
    return [
        ("scrape, median", f"{statistics.median(taken):.0f} ms"),
        ("scrape, slowest of 50", f"{max(taken):.0f} ms"),
        ("series", str(series)),
        ("files", str(len(ava.metric_files()))),
    ]


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
