"""Maintenance of breakers, and gauges of providers: what each web worker does once a second.

Without it an override would change and announce nothing before the next call, and a worker without
calls would not come back to Redis.
"""

import threading
from collections.abc import Iterable

import structlog
from django.db import close_old_connections, connections
from prometheus_client import REGISTRY, Gauge
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ava.upstream.circuit import State
from ava.upstream.door import Door, doors

log = structlog.get_logger("ava.upstream")

EVERY_SECONDS = 1.0


class Maintenance(threading.Thread):
    """Not in the thread that accepts connections: it asks the database."""

    def __init__(self) -> None:
        super().__init__(name="ava-breakers", daemon=True)
        self._stopping = threading.Event()

    def stop(self) -> None:
        self._stopping.set()
        self.join()

    def run(self) -> None:
        while not self._stopping.is_set():
            close_old_connections()
            for door in doors():
                try:
                    _sample(door)
                    door.breaker.maintain()
                except Exception:
                    log.exception("maintenance failed", service=door.service.label)
            self._stopping.wait(EVERY_SECONDS)
        connections.close_all()


def _per_process(name: str, about: str) -> Gauge:
    """Each process has its own; Prometheus gets the sum of all workers."""
    return Gauge(name, about, ["service"], multiprocess_mode="livesum")


IN_USE = _per_process("ava_bulkhead_in_use", "Operations under way.")
SIZE = _per_process("ava_bulkhead_size", "Operations that may be under way at once.")
TOKENS = _per_process("ava_retry_budget_tokens", "Retries that the budget allows now.")

_STATE_VALUES: dict[State, int] = {"closed": 0, "half_open": 1, "open": 2}


def sample() -> None:
    """Set this process' gauges of bulkheads and retry budgets."""
    for door in doors():
        _sample(door)


def _sample(door: Door) -> None:
    label = door.service.label
    IN_USE.labels(label).set(door.bulkhead.in_use)
    SIZE.labels(label).set(door.bulkhead.size)
    TOKENS.labels(label).set(door.transport.budget.left())


class BreakerStates(Collector):
    """States of breakers, read from each once a scrape: no gauge to go stale."""

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        state = GaugeMetricFamily(
            "circuit_breaker_state", "0 closed, 1 half_open, 2 open.", labels=["service"]
        )
        degraded = GaugeMetricFamily(
            "circuit_breaker_degraded",
            "1 while Redis is lost and each worker's breaker goes on alone.",
            labels=["service"],
        )
        for door in doors():
            seen = door.breaker.snapshot()
            state.add_metric([door.service.label], _STATE_VALUES[seen.state])
            degraded.add_metric([door.service.label], int(seen.degraded))
        return state, degraded


REGISTRY.register(BreakerStates())
