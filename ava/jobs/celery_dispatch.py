"""Celery: its application, and what it is sent.

A message is only a hint that a row is due; its lease keeps one that comes twice from doing anything
twice. The loop talks to the broker, requests never do.
"""

import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice, zip_longest
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings
from kombu.transport import virtual

from ava.conf import stores
from ava.jobs import executor, queries
from ava.jobs.models import Job
from ava.tenant import Tenant

BROKER_SECONDS = 2.0

RESEND_SECONDS = 30.0
"""Seconds after which a message is sent again: Celery has lost it, or is too busy, and one more
does no harm."""

BATCH = 20
"""Jobs of each urgency that one round sends; what becomes due meanwhile waits for the next."""

MOST_WAITING = 500
"""Jobs at Celery, at most. The rest waits in the rows, as messages sent again would add to it."""

MOST_OF_ONE = 100
"""Jobs of one tenant and urgency at Celery, at most: others' jobs wait behind no more of them."""

FEW = 4
"""Jobs of each tenant and urgency that go before the rest of all tenants: one tenant's urgent flood
does not hold up what is not urgent of another's."""

FIRST = 0
_OTHERS, _LATER = 3, 6
"""Priorities in Redis, whose steps are 0, 3, 6 and 9. Other brokers keep the order of sending."""

_broker, _tls = (
    stores.broker(settings.CELERY_BROKER_URL) if settings.CELERY_BROKER_URL else ("", None)
)
app = Celery("ava", broker=_broker or None)
app.conf.update(
    # Kombu itself verifies no certificate.
    broker_use_ssl=_tls,
    task_ignore_result=True,
    # Acknowledged before it runs: the row's lease brings back what a killed worker leaves, sooner
    # than Redis would, and a late acknowledgement after Redis has restarted ends kombu's worker.
    task_acks_late=False,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "socket_timeout": BROKER_SECONDS,
        "socket_connect_timeout": BROKER_SECONDS,
    },
)
# Kombu gives back what is not acknowledged yet when a connection closes. Where that is because
# Redis has gone, the worker crashes on it. Rows do not need it: they are sent again.
virtual.Channel.do_restore = False
# Without it, other threads than the one that imports this would reach for a default broker.
app.set_default()


@setup_logging.connect
def keep_logging(**kwargs: Any) -> None:
    """AVA's logging is set up by its settings; Celery would replace it."""


@app.task(name="ava.jobs.run")
def run_job(job_id: str) -> bool:
    return executor.run_one(job_id)


def send_due(*, now: datetime) -> int:
    """Send what is due and not sent yet: urgent ones first, of each tenant in turn. How many."""
    waiting = queries.sent_by_tenant(now=now)
    is_full = waiting.total() >= MOST_WAITING
    sent = 0
    for urgent in (True,) if is_full else (True, False):
        for mine, job_id in islice(_in_turn(now, urgent, waiting), BATCH):
            ahead = waiting[mine, urgent]
            priority = (FIRST if urgent else _OTHERS) + (0 if ahead < FEW else _LATER)
            if _send(job_id, priority, now):
                waiting[mine, urgent] += 1
                sent += 1
    return sent


def _in_turn(
    now: datetime, urgent: bool, waiting: Counter[tuple[Tenant, bool]]
) -> Iterator[tuple[Tenant, uuid.UUID]]:
    """The next jobs to send, one of each tenant in turn."""
    tenants = queries.tenants(now=now, urgent=urgent, unsent=True)[:BATCH]
    queues = []
    for mine in tenants:
        # AVA's own work is no tenant's flood.
        room = BATCH if mine is None else max(0, MOST_OF_ONE - waiting[mine, urgent])
        due = queries.of_tenant(now=now, urgent=urgent, tenant=mine)
        ids = queries.not_sent(due, now=now).values_list("pk", flat=True)
        queues.append([(mine, job_id) for job_id in ids[: min(room, BATCH // len(tenants) or 1)]])
    return (turn for turns in zip_longest(*queues) for turn in turns if turn is not None)


def _send(job_id: uuid.UUID, priority: int, now: datetime) -> bool:
    until = now + timedelta(seconds=RESEND_SECONDS)
    row = Job.objects.filter(pk=job_id)
    free = queries.not_sent(queries.due(now=now), now=now).filter(pk=job_id)
    if not free.update(sent_until=until):
        return False
    try:
        run_job.apply_async((str(job_id),), retry=False, priority=priority)
    except BaseException:
        row.filter(sent_until=until).update(sent_until=None)
        raise
    return True
