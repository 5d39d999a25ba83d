"""Outage seen by 8 processes with 4 threads each: the calls that reach a provider that is down."""

import contextlib
import multiprocessing
import threading
import time
from dataclasses import dataclass
from typing import Any

from benchmarks.contenders import Contender

PROCESSES, THREADS = 8, 4
RECOVERY = 1.0
OUTAGE = 4.5
CALL_SECONDS = 0.02
HEALTHY_BEFORE, HEALTHY_AFTER = 1.0, 3.0
# Between a thread's calls, as long as the machine has more threads than cores.
PAUSE_SECONDS = 0.01


@dataclass(frozen=True)
class Outage:
    """Counts of an outage, over all processes.

    Attributes:
        reached: calls that began at the provider while it was down.
        probes: those of them after the first second, when all processes knew.
        together: the most of these probes at once.
        opened, closed: times that listeners heard so; one of each is right.
    """

    reached: int
    probes: int
    together: int
    opened: int
    closed: int


def observe(contender: Contender, url: str) -> Outage:
    """Let the provider fail for `OUTAGE` seconds in the middle of a steady load."""
    context = multiprocessing.get_context("fork")
    counts = context.Array("i", 6)
    ready = context.Barrier(PROCESSES + 1)
    begins = context.Value("d", 0.0)
    workers = [
        context.Process(target=_worker, args=(contender, url, counts, ready, begins))
        for _ in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    begins.value = time.monotonic() + HEALTHY_BEFORE + 1.0
    ready.wait()
    for worker in workers:
        worker.join()
    reached, probes, _, together, opened, closed = counts[:]
    return Outage(reached, probes, together, opened, closed)


def _worker(contender: Contender, url: str, counts: Any, ready: Any, begins: Any) -> None:
    def count(place: int, by: int = 1) -> int:
        with counts.get_lock():
            counts[place] += by
            return int(counts[place])

    def tell(state: str) -> None:
        if state in ("open", "opened"):
            count(4)
        elif state == "closed":
            count(5)

    run = contender.make(RECOVERY, url, tell)
    # Each thread's connection, before 8 processes start at once.
    warm = [threading.Thread(target=lambda: run(lambda: time.sleep(0.2))) for _ in range(THREADS)]
    for thread in warm:
        thread.start()
    for thread in warm:
        thread.join()
    ready.wait()
    down_from = begins.value
    down_to, end = down_from + OUTAGE, down_from + OUTAGE + HEALTHY_AFTER

    def provider() -> None:
        now = time.monotonic()
        if not down_from <= now < down_to:
            time.sleep(CALL_SECONDS)
            return
        count(0)
        probe = now > down_from + RECOVERY / 2
        if probe:
            count(1)
            at_once = count(2)
            with counts.get_lock():
                counts[3] = max(counts[3], at_once)
        time.sleep(CALL_SECONDS)
        if probe:
            count(2, -1)
        raise ConnectionError

    def caller() -> None:
        while time.monotonic() < end:
            # Each breaker refuses with an error of its own.
            with contextlib.suppress(Exception):
                run(provider)
            time.sleep(PAUSE_SECONDS)

    threads = [threading.Thread(target=caller) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
