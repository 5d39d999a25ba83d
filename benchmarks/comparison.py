"""AVA's breaker beside those that people would pick instead: `python -m benchmarks.comparison`.

Everything is measured side by side in one run, on this machine, with a real Redis on loopback.
Prints the tables and writes them to docs/BENCHMARKS.md.
"""

import logging
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import outage
from benchmarks.contenders import BARE, IN_PROCESS, SHARED, Contender, Run
from benchmarks.table import fill, versions
from tests.redis import RedisServer

PAGE = Path(__file__).parent.parent / "docs" / "BENCHMARKS.md"
PACKAGES = ("pybreaker", "circuitbreaker", "purgatory", "interlock-cb", "redis")

ROUNDS = 9
LOCAL_CALLS, SHARED_CALLS = 5_000, 500
THREADS, CALL_SECONDS, THREAD_ROUNDS = 16, 0.05, 5

Figures = dict[str, list[float]]


def main() -> int:
    logging.disable(logging.CRITICAL)
    with RedisServer() as server:
        redis = f"Redis {server.client.info('server')['redis_version']}"
        text = "\n\n".join(
            (
                f"{versions(*PACKAGES)}, {redis}.",
                _costs(server),
                _outages(server),
            )
        )
    print(text)
    fill(PAGE, "comparison", text)
    return 0


def _costs(server: RedisServer) -> str:
    contenders = (BARE, *IN_PROCESS, *SHARED)
    runs = {one.name: one.make(30.0, server.url, _nobody) for one in contenders}
    calls = _interleaved(
        contenders,
        lambda one: _per_call(runs[one.name], SHARED_CALLS if one.shared else LOCAL_CALLS),
        ROUNDS,
    )
    crowds = _interleaved(contenders, lambda one: _crowd(runs[one.name]), THREAD_ROUNDS)
    anchor = statistics.median(calls["pybreaker `call()`, Redis"])
    rows = [
        "| | a call that does nothing, us: median (best) | to pybreaker's Redis storage "
        "| 16 threads x 50 ms, ms |",
        "|---|---|---|---|",
    ]
    for one in contenders:
        median = statistics.median(calls[one.name])
        ratio = f"{median / anchor:.2f}" if one.shared else ""
        rows.append(
            f"| {one.name} | {median * 1e6:.1f} ({min(calls[one.name]) * 1e6:.1f}) | {ratio} "
            f"| {statistics.median(crowds[one.name]) * 1e3:.0f} |"
        )
    return "\n".join(rows)


def _outages(server: RedisServer) -> str:
    rows = [
        f"{outage.PROCESSES} processes x {outage.THREADS} threads, the provider is down for "
        f"{outage.OUTAGE} s, the recovery time is {outage.RECOVERY:.0f} s:",
        "",
        "| | calls that reached it while it was down | of these probes | most probes at once "
        '| answered "open" | answered "closed" |',
        "|---|---|---|---|---|---|",
    ]
    for one in (*IN_PROCESS, *SHARED):
        server.flush()
        seen = outage.observe(one, server.url)
        heard = ("", "") if one.name == "circuitbreaker" else (seen.opened, seen.closed)
        rows.append(
            f"| {one.name} | {seen.reached} | {seen.probes} | {seen.together} "
            f"| {heard[0]} | {heard[1]} |"
        )
    return "\n".join(rows)


def _interleaved(
    contenders: tuple[Contender, ...], measure: Callable[[Contender], float], rounds: int
) -> Figures:
    """Round after round, each contender once, so that a noisy moment hits them all alike."""
    found: Figures = {one.name: [] for one in contenders}
    for _ in range(rounds):
        for one in contenders:
            found[one.name].append(measure(one))
    return found


def _per_call(run: Run, calls: int) -> float:
    started = time.perf_counter()
    for _ in range(calls):
        run(_nothing)
    return (time.perf_counter() - started) / calls


def _crowd(run: Run) -> float:
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


def _nothing() -> None:
    pass


def _nobody(state: str) -> None:
    pass


if __name__ == "__main__":
    sys.exit(main())
