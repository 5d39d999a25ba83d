"""The Celery application: `celery -A ava worker` runs the same rows as AVA's own loop.

Used when CELERY_BROKER_URL is set. A message is only a hint; what it says is in the row, whose
lease keeps a message that comes twice from doing anything twice.
"""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ava.settings")

from django.conf import settings

BROKER_SECONDS = 2.0

app = Celery("ava", broker=settings.CELERY_BROKER_URL)
app.conf.update(
    task_ignore_result=True,
    # A killed worker's message comes back.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": 300,
        "unacked_restore_throttle": 1,
        "socket_timeout": BROKER_SECONDS,
        "socket_connect_timeout": BROKER_SECONDS,
    },
)
# Without it, other threads than the one that imports this would reach for a default broker.
app.set_default()


@setup_logging.connect
def keep_logging(**kwargs: Any) -> None:
    """AVA's logging is set up by its settings; Celery would replace it."""


@app.task(name="ava.jobs.run")
def run_job(job_id: str) -> bool:
    """Run one row, unless it is finished, not due, or somebody else is at it."""
    from ava.jobs.services import run_one

    return run_one(job_id)
