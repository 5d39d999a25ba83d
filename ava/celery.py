"""Celery's application, where `celery -A ava worker` looks for it."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ava.settings")
django.setup()

from celery.signals import (  # noqa: E402 - as below
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutdown,
)

from ava.activity.services import Writer  # noqa: E402 - as below
from ava.jobs.celery_dispatch import app  # noqa: E402 - its tables need the apps
from ava.observability import reporting  # noqa: E402 - as above


@worker_process_init.connect
@worker_ready.connect
def _begin(**_: object) -> None:
    Writer().start()
    reporting.start()


@worker_process_shutdown.connect
@worker_shutdown.connect
def _end(**_: object) -> None:
    reporting.stop()


__all__ = ["app"]
