"""One process of many that hit the same Redis as fast as they can."""

import time
from concurrent.futures import ThreadPoolExecutor

from ava.ratelimit.redis_window import SharedWindow
from ava.ratelimit.window import Limit, MemoryWindow
from ava.redis import RedisClient

THREADS = 16
WINDOW = 1
OF_ALL, OF_ONE = 50, 10

Pass = tuple[float, float]
"""When a hit that passed was sent and when it was answered, by the machine's one clock."""


def hammer(url: str, process: int, seconds: float) -> list[Pass]:
    """The hits of sixteen threads, each under a key of all processes and one of this process."""
    client = RedisClient(url)
    window = SharedWindow(WINDOW, MemoryWindow(WINDOW))
    limits = [Limit("all", OF_ALL), Limit(f"process {process}", OF_ONE)]
    end = time.monotonic() + seconds

    def run(_: int) -> list[Pass]:
        passed = []
        while (sent := time.monotonic()) < end:
            if all(usage.allowed for usage in window.hit(client, limits)):
                passed.append((sent, time.monotonic()))
        return passed

    try:
        with ThreadPoolExecutor(THREADS) as pool:
            return [one for found in pool.map(run, range(THREADS)) for one in found]
    finally:
        client.close()
