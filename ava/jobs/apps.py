from collections.abc import Iterator
from contextlib import suppress

from django.apps import AppConfig
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector


class JobsConfig(AppConfig):
    name = "ava.jobs"
    label = "jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        from ava import jobs
        from ava.activity import services as activity
        from ava.activity import sources
        from ava.backup import holding
        from ava.jobs import pruning, services
        from ava.jobs.activity import unfinished

        REGISTRY.register(DueJobs())
        pruning.register("finished jobs", services.old)
        pruning.register("activity", activity.old, days=settings.ACTIVITY_DAYS)
        sources.register(unfinished)
        holding.register("jobs given up", services.hold)
        jobs.register_periodic("prune", pruning.run_daily, every=24 * 3600)


class DueJobs(Collector):
    """`ava_jobs_due`, counted once a scrape. A database that is down leaves a gap, not an error."""

    def describe(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily("ava_jobs_due", "Jobs that wait although they are due.")

    def collect(self) -> Iterator[GaugeMetricFamily]:
        from ava.jobs import queries

        for family in self.describe():
            with suppress(DatabaseError, RuntimeError):
                family.add_metric([], queries.due(now=timezone.now()).count())
            yield family
