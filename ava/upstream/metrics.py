"""Metrics of providers (docs/OPERATIONS.md, Metrics). Labels: service, outcome."""

import pybreaker
from prometheus_client import Counter, Histogram

from ava.upstream.circuit import Change

OUTCOMES = ("answered", "rate_limited", "auth_failed", "unreachable", "cancelled")

FAILURES = Counter("circuit_breaker_failures", "Operations that failed.", ["service"])
OPENS = Counter("circuit_breaker_opens", "Times the breaker left closed.", ["service"])
CLOSES = Counter("circuit_breaker_closes", "Times the breaker came back to closed.", ["service"])
OPEN_DURATION = Histogram(
    "circuit_breaker_open_duration_seconds",
    "Time from leaving closed until it is closed again, observed then.",
    ["service"],
    buckets=(1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 4 * 3600, float("inf")),
)
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
BREAKER_REFUSALS = Counter(
    "ava_breaker_refusals", "Operations refused because the breaker was open.", ["service"]
)
BULKHEAD_REFUSALS = Counter(
    "ava_bulkhead_refusals", "Operations refused because the bulkhead was full.", ["service"]
)
RETRIES = Counter("ava_provider_retries", "Attempts after the first.", ["service"])


def introduce(service: str) -> None:
    """Make every series of a service exist, at 0: a rate over a missing series is no answer."""
    for counter in (FAILURES, OPENS, CLOSES, BREAKER_REFUSALS, BULKHEAD_REFUSALS, RETRIES):
        counter.labels(service)
    OPEN_DURATION.labels(service)
    for counter in (CONNECTIONS_OPENED, CONNECTIONS_REUSED):
        counter.labels(service)
    for outcome in OUTCOMES:
        DURATION.labels(service, outcome)


class BreakerFailures(pybreaker.CircuitBreakerListener):
    def failure(self, cb: pybreaker.CircuitBreaker, exc: BaseException) -> None:
        FAILURES.labels(cb.name).inc()


def count_change(service: str, change: Change) -> None:
    """Opens minus closes is 1 unless it is closed."""
    if change.from_state == "closed":
        OPENS.labels(service).inc()
    if change.to_state == "closed":
        CLOSES.labels(service).inc()
    if change.seconds is not None:
        OPEN_DURATION.labels(service).observe(change.seconds)
