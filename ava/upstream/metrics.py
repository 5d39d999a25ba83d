"""Metrics of providers (contract, section 6). Labels: service, outcome."""

from collections.abc import Callable, Iterable, Iterator

import pybreaker
from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ava.upstream.circuit import Snapshot, State
from ava.upstream.service import Service

OUTCOMES = ("answered", "rate_limited", "auth_failed", "unreachable", "cancelled")

FAILURES = Counter("circuit_breaker_failures", "Operations that failed.", ["service"])
OPENS = Counter("circuit_breaker_opens", "Times the breaker left closed.", ["service"])
CLOSES = Counter("circuit_breaker_closes", "Times the breaker came back to closed.", ["service"])
DURATION = Histogram(
    "ava_provider_request_duration_seconds",
    "Time an operation took, its retries included.",
    ["service", "outcome"],
    buckets=(0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0, float("inf")),
)
CONNECTIONS_OPENED = Counter(
    "ava_provider_connections_opened", "TCP connections opened to the provider.", ["service"]
)
CONNECTIONS_REUSED = Counter(
    "ava_provider_connections_reused", "Requests sent on a kept connection.", ["service"]
)
BULKHEAD_REFUSALS = Counter(
    "ava_bulkhead_refusals", "Operations refused because the bulkhead was full.", ["service"]
)
RETRIES = Counter("ava_provider_retries", "Attempts after the first.", ["service"])


def _per_process(name: str, about: str) -> Gauge:
    """Each process has its own; Prometheus gets the sum of all workers."""
    return Gauge(name, about, ["service"], multiprocess_mode="livesum")


IN_USE = _per_process("ava_bulkhead_in_use", "Operations under way.")
SIZE = _per_process("ava_bulkhead_size", "Operations that may be under way at once.")
TOKENS = _per_process("ava_retry_budget_tokens", "Retries that the budget allows now.")

_STATE_VALUES: dict[State, int] = {"closed": 0, "half_open": 1, "open": 2}


def introduce(service: str) -> None:
    """Make every series of a service exist, at 0: a rate over a missing series is no answer."""
    for counter in (
        FAILURES,
        OPENS,
        CLOSES,
        CONNECTIONS_OPENED,
        CONNECTIONS_REUSED,
        BULKHEAD_REFUSALS,
        RETRIES,
    ):
        counter.labels(service)
    for outcome in OUTCOMES:
        DURATION.labels(service, outcome)


class BreakerFailures(pybreaker.CircuitBreakerListener):
    """Counts failed operations."""

    def failure(self, cb: pybreaker.CircuitBreaker, exc: BaseException) -> None:
        FAILURES.labels(cb.name).inc()


def count_change(service: str, from_state: State, to_state: State) -> None:
    """Count a change of the fleet's breaker: opens less closes is 1 while it is not closed."""
    if from_state == "closed":
        OPENS.labels(service).inc()
    if to_state == "closed":
        CLOSES.labels(service).inc()


class BreakerStates(Collector):
    """`circuit_breaker_state` and `circuit_breaker_degraded`, read from each breaker once a
    scrape: no gauge to go stale."""

    def __init__(self, snapshots: Callable[[], Iterable[tuple[Service, Snapshot]]]) -> None:
        self._snapshots = snapshots

    def describe(self) -> Iterator[GaugeMetricFamily]:
        yield from self._families()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        state, degraded = self._families()
        for service, snapshot in self._snapshots():
            state.add_metric([service.label], _STATE_VALUES[snapshot.state])
            degraded.add_metric([service.label], int(snapshot.degraded))
        yield state
        yield degraded

    def _families(self) -> tuple[GaugeMetricFamily, GaugeMetricFamily]:
        return (
            GaugeMetricFamily(
                "circuit_breaker_state", "0 closed, 1 half_open, 2 open.", labels=["service"]
            ),
            GaugeMetricFamily(
                "circuit_breaker_degraded",
                "1 while Redis is lost and each worker's breaker goes on alone.",
                labels=["service"],
            ),
        )
