"""What each process holds of its own for a provider; Prometheus gets the sum of all workers."""

from prometheus_client import Gauge

from ava.upstream import registry

_IN_USE = Gauge(
    "ava_bulkhead_in_use", "Operations under way.", ["service"], multiprocess_mode="livesum"
)
_SIZE = Gauge(
    "ava_bulkhead_size",
    "Operations that may be under way at once.",
    ["service"],
    multiprocess_mode="livesum",
)
_TOKENS = Gauge(
    "ava_retry_budget_tokens",
    "Retries that the budget allows now.",
    ["service"],
    multiprocess_mode="livesum",
)


def sample() -> None:
    """Set the gauges of this process to what is so now."""
    for service in registry.services():
        works = registry.door(service.label).works
        _IN_USE.labels(service.label).set(works.bulkhead.in_use)
        _SIZE.labels(service.label).set(works.bulkhead.size)
        _TOKENS.labels(service.label).set(works.budget.left())
