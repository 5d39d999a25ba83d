"""One process of many that hit the same Redis as fast as they can."""

import time
from concurrent.futures import ThreadPoolExecutor

from ava.ratelimit.redis import RedisStore
from ava.ratelimit.store import Hit
from ava.redis import RedisClient

THREADS = 16
WINDOW = 1
OF_ALL, OF_ONE = 50, 10

Pass = tuple[float, float]
"""When a hit that passed was sent and when it was answered, by the machine's one clock."""


def hammer(url: str, process: int, seconds: float) -> list[Pass]:
    """The hits of sixteen threads, each under a key of all processes and one of this process."""
    # Patient: how AVA does without an answer is not what this is about.
    link = RedisClient(url)
    store = RedisStore(link, window=WINDOW)
    hits = [Hit("all", OF_ALL), Hit(f"process {process}", OF_ONE)]
    end = time.monotonic() + seconds

    def run(_: int) -> list[Pass]:
        passed = []
        while (sent := time.monotonic()) < end:
            if all(usage.allowed for usage in store.hit(hits)):
                passed.append((sent, time.monotonic()))
        return passed

    try:
        with ThreadPoolExecutor(THREADS) as pool:
            return [one for found in pool.map(run, range(THREADS)) for one in found]
    finally:
        link.close()
