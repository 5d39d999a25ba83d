"""`python -m benchmarks.breaker`: does the breaker let calls run side by side, and at what cost?

Each figure is the median of the runs; the best is behind it.
"""

import statistics
import threading
import time
from collections.abc import Callable

import pybreaker

from ava.upstream.breaker import Breaker
from ava.upstream.states import Rules
from benchmarks.table import show, versions

THREADS = 16
CALL_SECONDS = 0.05
THREAD_RUNS = 7
LOOPS = 20_000
LOOP_RUNS = 9

Run = Callable[[Callable[[], None]], None]


def bare(work: Callable[[], None]) -> None:
    work()


def by_call(breaker: pybreaker.CircuitBreaker) -> Run:
    return breaker.call


def by_calling(breaker: pybreaker.CircuitBreaker) -> Run:
    def run(work: Callable[[], None]) -> None:
        with breaker.calling():
            work()

    return run


def contenders() -> list[tuple[str, Run]]:
    theirs = pybreaker.CircuitBreaker(fail_max=3, reset_timeout=30, success_threshold=2)
    ours = Breaker("bench", rules=Rules(threshold=3, recovery=30, successes=2))
    return [
        ("bare", bare),
        ("pybreaker call()", by_call(theirs)),
        ("pybreaker calling()", by_calling(theirs)),
        ("AVA call()", by_call(ours)),
        ("AVA calling()", by_calling(ours)),
    ]


def side_by_side(run: Run) -> float:
    """Seconds until 16 threads, started together, have each made a call of 50 ms."""
    together = threading.Barrier(THREADS + 1)

    def caller() -> None:
        together.wait()
        run(lambda: time.sleep(CALL_SECONDS))

    threads = [threading.Thread(target=caller) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    together.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


def per_call(run: Run) -> float:
    """Seconds for one call of a function that does nothing."""

    def nothing() -> None:
        pass

    started = time.perf_counter()
    for _ in range(LOOPS):
        run(nothing)
    return (time.perf_counter() - started) / LOOPS


def figures(measure: Callable[[Run], float], runs: int, unit: float, name: str) -> None:
    rows = []
    for contender, run in contenders():
        seconds = [measure(run) for _ in range(runs)]
        middle, best = statistics.median(seconds) / unit, min(seconds) / unit
        rows.append((contender, f"{middle:.2f} {name} ({best:.2f})"))
    title = "16 threads x 50 ms" if measure is side_by_side else "one call that does nothing"
    show(f"{title}: median (best) of {runs}", rows)


if __name__ == "__main__":
    print(versions("pybreaker"))
    figures(side_by_side, THREAD_RUNS, 1e-3, "ms")
    figures(per_call, LOOP_RUNS, 1e-6, "us")
