"""The tests' own database, for processes that a test starts."""

import os
from urllib.parse import urlsplit

from django.db import connection


def url() -> str:
    """What DATABASE_URL must be to reach the database of the running test."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
