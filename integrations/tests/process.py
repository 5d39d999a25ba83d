"""`manage.py` in a process of its own, on the tests' database."""

import os
import secrets
import subprocess
import sys

from django.conf import settings

from tests import database


def manage(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run a command as an operator does; with `variables` besides the tests' environment."""
    return subprocess.run(
        [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            # The system checks refuse the tests' own, as weak as they are.
            "SECRET_KEY": secrets.token_urlsafe(64),
            "AVA_JWT_KEY": secrets.token_urlsafe(64),
            "DATABASE_URL": database.url(),
            **variables,
        },
    )
