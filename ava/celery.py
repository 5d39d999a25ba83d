"""Celery's application, where `celery -A ava worker` looks for it."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ava.settings")
django.setup()

from celery.signals import worker_process_init, worker_ready  # noqa: E402 - as below

from ava.activity.services import Writer  # noqa: E402 - as below
from ava.jobs.celery_dispatch import app  # noqa: E402 - its tables need the apps


@worker_process_init.connect
@worker_ready.connect
def _write_activity(**_: object) -> None:
    Writer().start()


__all__ = ["app"]
