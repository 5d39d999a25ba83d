"""The last word on a feature flag: the user's row, else the admin's, else the environment's.

`is_on` is asked at every provider call, so it reads a copy in memory that is at most a second
old; a change made in this process counts at once.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import structlog
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from integrations.flags.models import Flag, FlagOverride

log = structlog.get_logger("integrations.flags")

AnyUser = AbstractBaseUser | AnonymousUser

MAX_AGE = 1.0  # seconds


@dataclass(frozen=True)
class Explanation:
    """Whether a flag is on, and whose word it is.

    Args:
        environment: what the environment says.
    """

    name: str
    on: bool
    decided_by: Literal["user", "admin", "environment"]
    environment: bool


@dataclass(frozen=True)
class _Rows:
    """The rows as they were read at `read_at` (seconds of the monotonic clock)."""

    read_at: float
    flags: Mapping[str, bool] = field(default_factory=dict)
    overrides: Mapping[tuple[str, object], bool] = field(default_factory=dict)


class _Copy:
    """The rows in memory, read anew when they are older than a second."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._rows: _Rows | None = None
        self._reading = threading.Lock()

    def rows(self) -> _Rows:
        rows = self._rows
        if rows is not None and self._now() - rows.read_at < MAX_AGE:
            return rows
        # One thread reads; the others take the last copy rather than wait for a slow database.
        if not self._reading.acquire(blocking=rows is None):
            return rows or _Rows(self._now())
        try:
            self._rows = self._read(rows)
            return self._rows
        finally:
            self._reading.release()

    def forget(self) -> None:
        self._rows = None

    def _read(self, last: _Rows | None) -> _Rows:
        try:
            return _Rows(
                self._now(),
                {
                    flag.name: flag.state == Flag.State.ON
                    for flag in Flag.objects.exclude(state=Flag.State.UNSET)
                },
                {
                    (row.flag.name, row.user_id): row.state == FlagOverride.State.ON
                    for row in FlagOverride.objects.select_related("flag")
                },
            )
        except Exception as fault:
            # Whatever keeps the rows away, a flag must not be what stops a call.
            log.warning("flags_not_read", reason=type(fault).__name__)
            return _Rows(self._now(), last.flags, last.overrides) if last else _Rows(self._now())


_copy = _Copy()


def is_on(name: str, *, user: AnyUser | None = None) -> bool:
    """Whether a flag is on, for this user or for everybody.

    Raises:
        KeyError: no such flag.
    """
    return explain(name, user=user).on


def explain(name: str, *, user: AnyUser | None = None) -> Explanation:
    """Whether a flag is on and who decided it.

    Raises:
        KeyError: no such flag.
    """
    environment: bool = settings.FLAGS[name]
    rows = _copy.rows()
    if user is not None and (name, user.pk) in rows.overrides:
        return Explanation(name, rows.overrides[name, user.pk], "user", environment)
    if name in rows.flags:
        return Explanation(name, rows.flags[name], "admin", environment)
    return Explanation(name, environment, "environment", environment)


def forget() -> None:
    """Drop the copy in memory: the next question reads the rows."""
    _copy.forget()


@receiver([post_save, post_delete], sender=Flag)
@receiver([post_save, post_delete], sender=FlagOverride)
def _changed(**_: Any) -> None:
    forget()
    # Until the commit other threads read the old rows again.
    transaction.on_commit(forget)
