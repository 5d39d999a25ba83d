"""Celery's application, where `celery -A ava worker` looks for it."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ava.settings")
django.setup()

from ava.jobs.celery_dispatch import app  # noqa: E402 - its tables need the apps

__all__ = ["app"]
