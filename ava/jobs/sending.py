"""Due jobs to Celery: the row stays the truth, the message only says that it is time.

Requests never talk to the broker: the loop of their process does, as soon as the bell rings.
"""

from datetime import datetime, timedelta

from ava.jobs import queries
from ava.jobs.models import Job

RESEND_SECONDS = 30.0
"""After that Celery has lost the message, or has more to do than it can: one more does no harm."""

BATCH = 100


def send_due(*, now: datetime) -> int:
    """Send what is due and not sent yet. How many were sent.

    Raises:
        Exception: whatever the broker's library raises when it cannot be reached.
    """
    from ava.celery import run_job

    sent = 0
    for job_id in queries.unsent(now=now).values_list("pk", flat=True)[:BATCH]:
        until = now + timedelta(seconds=RESEND_SECONDS)
        if not queries.unsent(now=now).filter(pk=job_id).update(sent_until=until):
            continue  # another sweeper
        try:
            run_job.apply_async((str(job_id),), retry=False)
        except BaseException:
            Job.objects.filter(pk=job_id, sent_until=until).update(sent_until=None)
            raise
        sent += 1
    return sent
