"""Where `celery -A ava worker` looks for the application of `ava.jobs`."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ava.settings")

from ava.jobs.celery_app import app

__all__ = ["app"]
