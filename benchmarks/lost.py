"""Costs of a lost Redis to the calls under way: `python -m benchmarks.lost`.

Eight threads go through the shared rate limit and the shared breaker, as requests do, to a function
that does nothing. In the middle Redis is taken away.
"""

import logging
import statistics
import sys
import threading
import time
from collections.abc import Callable

import structlog

from ava.ratelimit.redis_window import SharedWindow
from ava.ratelimit.window import Limit, MemoryWindow
from ava.redis import RedisClient
from ava.upstream.breaker import Breaker, Hooks
from ava.upstream.circuit import Rules
from ava.upstream.redis_store import RedisCircuit, SharedStore
from benchmarks.table import versions
from tests.redis import RedisServer

THREADS = 8
RUNS = 5
SECONDS = 0.5
PAUSE_SECONDS = 0.005
WAYS: dict[str, Callable[[RedisServer], None]] = {
    "(none)": lambda redis: None,
    "killed: connections are refused": RedisServer.stop,
    "frozen: it is silent": RedisServer.freeze,
    "flushed": RedisServer.flush,
    "killed and restarted": lambda redis: (redis.stop(), redis.start())[0],
    "a replica that refuses writes": lambda redis: redis.client.replicaof("127.0.0.1", "9"),
}


def main() -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    print(versions("redis"))
    print("| Redis lost | slowest call of 5 runs, ms | median of the slowest | failed |")
    print("|---|---|---|---|")
    for name, lose in WAYS.items():
        runs = [_run(lose) for _ in range(RUNS)]
        slowest = [1000 * taken for taken, _ in runs]
        failed = sum(count for _, count in runs)
        print(f"| {name} | {max(slowest):.0f} | {statistics.median(slowest):.0f} | {failed} |")
    return 0


def _run(lose: Callable[[RedisServer], None]) -> tuple[float, int]:
    """The longest that a caller waited, in seconds, and how many calls failed."""
    with RedisServer() as redis:
        link = RedisClient(redis.plain_url)
        breaker = Breaker(
            "bench",
            rules=Rules(3, 30.0, 2),
            store=SharedStore(RedisCircuit(link, "bench")),
            hooks=Hooks(),
        )
        window = SharedWindow(60, MemoryWindow(60))
        taken: list[float] = []
        failed: list[Exception] = []
        end = time.monotonic() + 2 * SECONDS

        def request() -> None:
            window.hit(link, [Limit("client", 10**6)])
            breaker.call(lambda: None)

        def caller() -> None:
            while time.monotonic() < end:
                started = time.perf_counter()
                try:
                    request()
                except Exception as failure:
                    failed.append(failure)
                taken.append(time.perf_counter() - started)
                time.sleep(PAUSE_SECONDS)

        request()
        threads = [threading.Thread(target=caller) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        time.sleep(SECONDS)
        lose(redis)
        for thread in threads:
            thread.join()
        link.close()
        return max(taken), len(failed)


if __name__ == "__main__":
    sys.exit(main())
