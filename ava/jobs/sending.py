"""Due jobs to Celery: the row stays the truth, the message only says that it is time.

Requests never talk to the broker: the loop of their process does, as soon as it is woken.
"""

from datetime import datetime, timedelta

from ava.jobs import queries
from ava.jobs.models import Job

RESEND_SECONDS = 30.0
"""After that Celery has lost the message, or has more to do than it can: one more does no harm."""

BATCH = 100
MOST_WAITING = 500
"""At Celery. The rest waits in the rows: what is sent once more would only make more of it."""

FIRST, LAST = 0, 9
"""Priorities in Redis. Other brokers keep the order in which they are sent."""


def send_due(*, now: datetime) -> int:
    """Send what is due and not sent yet, urgent ones first. How many were sent.

    Raises:
        Exception: whatever the broker's library raises when it cannot be reached.
    """
    from ava.celery import run_job

    sent = 0
    due = queries.unsent(now=now)
    if queries.sent(now=now).count() >= MOST_WAITING:
        due = due.filter(urgent=True)
    for job_id, urgent in due.values_list("pk", "urgent")[:BATCH]:
        until = now + timedelta(seconds=RESEND_SECONDS)
        if not queries.unsent(now=now).filter(pk=job_id).update(sent_until=until):
            continue  # another sweeper
        try:
            priority = FIRST if urgent else LAST
            run_job.apply_async((str(job_id),), retry=False, priority=priority)
        except BaseException:
            Job.objects.filter(pk=job_id, sent_until=until).update(sent_until=None)
            raise
        sent += 1
    return sent
