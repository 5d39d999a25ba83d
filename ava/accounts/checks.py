"""Demo users in production: every reader of the README knows their names."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.checks import CheckMessage, Error
from django.db import DatabaseError

# Made by `manage.py seed_demo`.
DEMO_USERS = ("demo@example.com", "admin@example.com")
_MEND = (
    "from django.contrib.auth.models import User; "
    "User.objects.filter(username__in={names}).update(is_active=False)"
)


def check_demo_users(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> Iterator[CheckMessage]:
    try:
        names = _demo_users() if settings.PRODUCTION and databases else []
    except DatabaseError:  # Not migrated yet: no users either.
        return
    if names:
        yield Error(
            f"Demo users can log in in production: {', '.join(names)}.",
            hint="Begin production with a database of its own, or deactivate them: "
            f'python manage.py shell -c "{_MEND.format(names=names)}"',
            id="ava.E017",
        )


def _demo_users() -> list[str]:
    """Names of active demo users, and of staff with the password that sandbox mode used here."""
    active = User.objects.filter(is_active=True)
    names = [user.username for user in active.filter(username__in=DEMO_USERS)]
    password: str = settings.ENV["AVA_DEMO_PASSWORD"] or ""
    if not password:
        with suppress(OSError):
            password = (settings.DATA_DIR / "demo-password").read_text()
    staff = active.filter(is_staff=True).exclude(username__in=names) if password else ()
    return names + [user.username for user in staff if user.check_password(password)]
