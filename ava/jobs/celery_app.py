"""Celery application: `celery -A ava worker` runs the same rows as AVA's own loop.

Used when CELERY_BROKER_URL is set. A message is only a hint; what it says is in the row, whose
lease keeps a message that comes twice from doing anything twice.
"""

from typing import Any

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings
from kombu.transport import virtual

BROKER_SECONDS = 2.0

app = Celery("ava", broker=settings.CELERY_BROKER_URL)
app.conf.update(
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
# Redis has gone, the worker stumbles over it and ends. Rows need it not: they are sent again.
virtual.Channel.do_restore = False
# Without it, other threads than the one that imports this would reach for a default broker.
app.set_default()


@setup_logging.connect
def keep_logging(**kwargs: Any) -> None:
    """AVA's logging is set up by its settings; Celery would replace it."""


@app.task(name="ava.jobs.run")
def run_job(job_id: str) -> bool:
    """Run one row, unless it is finished, not due, or has a lease."""
    from ava.jobs.services import run_one

    return run_one(job_id)
