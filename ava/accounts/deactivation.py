"""Deactivation of a user and of the work under way for them. Filled in the apps' `ready()`."""

from collections.abc import Callable

import structlog
from django.contrib.auth.models import User
from django.db import transaction

from ava.accounts import services
from ava.accounts.models import Session

log = structlog.get_logger("ava.accounts")

Stop = Callable[[User], int]

_stops: list[Stop] = []


def register(stop: Stop) -> None:
    """Register `stop(user)`, called when everything of a user is to end.

    It returns how many things it ends, asks no provider (its jobs do), and may be called again.
    """
    _stops.append(stop)


def deactivate(user: User) -> int:
    """End the user's logins and all that is under way for them; they cannot log in any more.

    Returns:
        how many calls, messages and batches are ended.
    """
    with transaction.atomic():
        user.is_active = False
        user.save(update_fields=["is_active"])
        services.revoke(Session.objects.filter(user=user), end=Session.End.OPERATOR)
    # Not in one transaction: a tenant may have a hundred thousand messages waiting, and meanwhile
    # no one else could write. Nothing leaves for an inactive user, however far this comes.
    count = sum(stop(user) for stop in _stops)
    log.info("user deactivated", user=user.pk, stopped=count)
    return count
