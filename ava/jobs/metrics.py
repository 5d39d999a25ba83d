"""Metrics of jobs."""

from collections.abc import Callable, Iterator
from contextlib import suppress

from django.db import DatabaseError
from prometheus_client import REGISTRY, Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

OUTCOMES = ("done", "again", "failed", "dead", "lost")

RUNS = Counter("ava_jobs", "Runs of jobs, by what came of them.", ["kind", "outcome"])


def introduce(kind: str) -> None:
    """Make every series of a kind exist, at 0: a rate over a missing series is no answer."""
    for outcome in OUTCOMES:
        RUNS.labels(kind, outcome)


class DueJobs(Collector):
    """`ava_jobs_due`, counted once a scrape. A database that is down leaves a gap, not an error."""

    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count

    def describe(self) -> Iterator[GaugeMetricFamily]:
        yield self._family()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = self._family()
        with suppress(DatabaseError, RuntimeError):
            family.add_metric([], self._count())
        yield family

    def _family(self) -> GaugeMetricFamily:
        return GaugeMetricFamily("ava_jobs_due", "Jobs that wait although they are due.")


def publish_due(count: Callable[[], int]) -> None:
    """Have the default registry ask `count` at each scrape."""
    REGISTRY.register(DueJobs(count))
