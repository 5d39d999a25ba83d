"""Queries of jobs: due, by tenant, at Celery."""

from collections import Counter
from datetime import datetime

from django.db import connection
from django.db.models import Count, Min, Q, QuerySet

from ava.jobs import kinds
from ava.jobs.models import Job
from ava.tenant import Tenant

# One step through an index for each tenant with a queued job, and one more for its first that is
# due: a flood of one tenant makes it no slower. Conditions are written out for the partial index.
_TENANTS = """
WITH RECURSIVE tenants(tenant) AS (
    SELECT MIN(tenant) FROM jobs_job WHERE state = 'queued' AND urgent = %(urgent)s
    UNION ALL
    SELECT (
        SELECT MIN(tenant) FROM jobs_job
        WHERE state = 'queued' AND urgent = %(urgent)s AND tenant > tenants.tenant
    )
    FROM tenants WHERE tenants.tenant IS NOT NULL
), firsts(tenant, due_at) AS (
    SELECT tenant, (
        SELECT due_at FROM jobs_job
        WHERE state = 'queued' AND urgent = %(urgent)s AND jobs_job.tenant = tenants.tenant
        AND {waits} ORDER BY due_at LIMIT 1
    )
    FROM tenants WHERE tenant IS NOT NULL
    UNION ALL
    SELECT NULL, (
        SELECT due_at FROM jobs_job
        WHERE state = 'queued' AND urgent = %(urgent)s AND tenant IS NULL
        AND {waits} ORDER BY due_at LIMIT 1
    )
)
SELECT tenant FROM firsts WHERE due_at IS NOT NULL ORDER BY due_at
"""
_FREE = "due_at <= %(now)s AND (lease_until IS NULL OR lease_until <= %(now)s)"
_UNSENT = f"{_FREE} AND (sent_until IS NULL OR sent_until <= %(now)s)"


def due(*, now: datetime) -> QuerySet[Job]:
    """Jobs to run now. Those of a kind that this release does not know wait for one that does."""
    return Job.objects.filter(
        Q(lease_until__isnull=True) | Q(lease_until__lte=now),
        state=Job.State.QUEUED,
        due_at__lte=now,
        kind__in=list(kinds),
    )


def next_due(*, now: datetime, before: datetime) -> datetime | None:
    soon = Job.objects.filter(
        urgent__in=(True, False),  # both: the index begins with it
        state=Job.State.QUEUED,
        due_at__gt=now,
        due_at__lt=before,
    )
    found: datetime | None = soon.aggregate(next=Min("due_at"))["next"]
    return found


def tenants(*, now: datetime, urgent: bool, unsent: bool = False) -> list[Tenant]:
    """Tenants with a due job (`unsent`: that Celery does not have), the longest waiting first."""
    moment = connection.ops.adapt_datetimefield_value(now)
    statement = _TENANTS.format(waits=_UNSENT if unsent else _FREE)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"now": moment, "urgent": urgent})
        return [tenant for (tenant,) in cursor.fetchall()]


def of_tenant(*, now: datetime, urgent: bool, tenant: Tenant) -> QuerySet[Job]:
    """A tenant's due jobs, the longest due one first."""
    whose = Q(tenant__isnull=True) if tenant is None else Q(tenant=tenant)
    # `urgent=False` would be NOT urgent, which no index knows.
    return due(now=now).filter(whose, urgent__in=[urgent]).order_by("due_at")


def not_sent(jobs: QuerySet[Job], *, now: datetime) -> QuerySet[Job]:
    """Jobs that Celery does not have, or should have done by now."""
    return jobs.filter(Q(sent_until__isnull=True) | Q(sent_until__lte=now))


def sent_by_tenant(*, now: datetime) -> Counter[tuple[Tenant, bool]]:
    """Number of jobs that Celery has and has not begun, for each tenant and urgency."""
    sent = Job.objects.filter(state=Job.State.QUEUED, sent_until__gt=now).order_by()
    rows = sent.values_list("tenant", "urgent").annotate(Count("pk"))
    return Counter({(tenant, urgent): count for tenant, urgent, count in rows})
