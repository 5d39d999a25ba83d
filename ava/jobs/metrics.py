"""Metrics of jobs."""

from collections.abc import Callable, Iterator
from contextlib import suppress

from django.db import DatabaseError
from prometheus_client import Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

OUTCOMES = ("done", "again", "failed", "dead", "lost")

RUNS = Counter("ava_jobs", "Runs of jobs, by outcome.", ["kind", "outcome"])


class DueJobs(Collector):
    """`ava_jobs_due`, counted once a scrape. A database that is down leaves a gap, not an error."""

    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count

    def describe(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily("ava_jobs_due", "Jobs that wait although they are due.")

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for family in self.describe():
            with suppress(DatabaseError, RuntimeError):
                family.add_metric([], self._count())
            yield family
