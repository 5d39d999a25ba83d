"""Demo users in production: every reader of the README knows their names."""

from collections.abc import Sequence
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
) -> list[CheckMessage]:
    if not settings.PRODUCTION or not databases:
        return []
    try:
        demo = list(User.objects.filter(username__in=DEMO_USERS, is_active=True))
        names = [user.username for user in demo]
        if password := _demo_password():
            staff = User.objects.filter(is_staff=True, is_active=True).exclude(username__in=names)
            names += [user.username for user in staff if user.check_password(password)]
    except DatabaseError:  # Not migrated yet: no users either.
        return []
    if not names:
        return []
    return [
        Error(
            f"Demo users can log in in production: {', '.join(names)}.",
            hint="Begin production with a database of its own, or deactivate them: "
            f'python manage.py shell -c "{_MEND.format(names=names)}"',
            id="ava.E017",
        )
    ]


def _demo_password() -> str | None:
    chosen: str | None = settings.ENV["AVA_DEMO_PASSWORD"]
    if chosen:
        return chosen
    try:
        return str((settings.DATA_DIR / "demo-password").read_text()) or None
    except OSError:
        return None
