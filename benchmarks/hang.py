"""`/healthz` while Vapi hangs and 32 clients wait for it: `python -m benchmarks.hang`.

Starts AVA as script/server does, lets the sandbox's Vapi hang, keeps 32 clients asking it again
(`Cache-Control: no-cache`), and times `/healthz` from a process of its own: idle, with pauses
between the requests of a client, and without any, with the breaker off and on, and last with two
worker processes that share a Redis.
"""

import multiprocessing
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import requests

from tests.redis import RedisServer
from tests.server import RunningAva

CLIENTS = 32
SAMPLES = 200
PAUSE_SECONDS = 0.02


def main() -> int:
    print(f"{'load':<42}{'p50 ms':>8}{'p99 ms':>8}{'max ms':>8}  answers")
    with RedisServer() as redis:
        two = {"WEB_CONCURRENCY": "2", "REDIS_URL": redis.plain_url}
        for title, breaker, pause, environment in (
            ("32 clients, breaker off, 1 request/s each", "0", 1.0, {}),
            ("32 clients, breaker on, 5 requests/s each", "1", 0.2, {}),
            ("32 clients, breaker off, no pause", "0", 0.0, {}),
            ("32 clients, breaker on, no pause", "1", 0.0, {}),
            ("2 workers, breaker off, no pause", "0", 0.0, two),
            ("2 workers, breaker on, no pause", "1", 0.0, two),
        ):
            redis.flush()
            measure(title, pause, CIRCUIT_BREAKER_ENABLED=breaker, **environment)
    return 0


def measure(title: str, pause: float, **environment: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        data_dir = Path(directory) / "var"
        with RunningAva(data_dir, LOG_LEVEL="ERROR", **environment) as ava:
            ava.login()
            report("idle", sample(ava.url), "")
            ava.fault(provider="vapi", kind="hang")
            token = str(ava.session.headers["Authorization"])
            stop = multiprocessing.Event()
            answers = multiprocessing.Queue()  # type: ignore[var-annotated]  # of dicts
            load = multiprocessing.Process(
                target=clients, args=(ava.url, token, pause, stop, answers)
            )
            load.start()
            time.sleep(1)
            taken = sample(ava.url)
            stop.set()
            ava.heal()
            report(title, taken, str(answers.get(timeout=60)))
            load.join()


def sample(url: str) -> list[float]:
    taken = []
    for _ in range(SAMPLES):
        started = time.perf_counter()
        requests.get(f"{url}/healthz", timeout=30)
        taken.append((time.perf_counter() - started) * 1000)
        time.sleep(PAUSE_SECONDS)
    return taken


def clients(url: str, token: str, pause: float, stop, answers) -> None:  # type: ignore[no-untyped-def]  # multiprocessing's own
    counts: dict[int, int] = {}

    def ask() -> None:
        with requests.Session() as session:
            session.headers.update({"Authorization": token, "Cache-Control": "no-cache"})
            while not stop.is_set():
                status = session.get(f"{url}/api/v1/vapi/settings", timeout=60).status_code
                counts[status] = counts.get(status, 0) + 1
                time.sleep(pause)

    threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers.put(counts)


def report(title: str, taken: list[float], note: str) -> None:
    p99 = statistics.quantiles(taken, n=100)[98]
    print(f"{title:<42}{statistics.median(taken):>8.1f}{p99:>8.1f}{max(taken):>8.1f}  {note}")


if __name__ == "__main__":
    sys.exit(main())
