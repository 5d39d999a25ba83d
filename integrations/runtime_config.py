"""Runtime configuration: feature flags and breaker overrides that operators set, from memory.

The database answers a few times a second for all provider calls, a change made in this process
counts at once, and while the database does not answer, the last known values hold.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils import timezone

from ava.upstream import OperatorOverride
from integrations.breakers.models import BreakerControl
from integrations.flags.models import Flag, FlagOverride

T = TypeVar("T")

log = structlog.get_logger("integrations.runtime_config")

FLAGS_SECONDS = 1.0
OVERRIDES_SECONDS = 0.08
"""Age of what is in memory: an override is to reach every worker within 0.1 s."""


class StaleOnErrorCache(Generic[T]):
    """Calls `read` at most every `seconds`; between and after failures gives the last answer."""

    def __init__(
        self,
        name: str,
        read: Callable[[], T],
        initial: T,
        *,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._read = read
        self._initial = self._value = initial
        self._seconds = seconds
        self._clock = clock
        self._reading = threading.Lock()
        self._changes = 0
        # Changes that the value has seen, and when it is due to be read again.
        self._read_at = (-1, 0.0)

    def get(self) -> T:
        """The value. While one thread reads it again, the others get the old one at once."""
        changes, due = read_at = self._read_at
        is_wrong = changes != self._changes
        if not is_wrong and self._clock() < due:
            return self._value
        # Only a value that is known to be wrong, or none, is worth waiting for.
        if self._reading.acquire(blocking=is_wrong):
            try:
                if self._read_at == read_at:
                    self._renew()
            finally:
                self._reading.release()
        return self._value

    def expire(self) -> None:
        """Read again at the next `get`: this process has just changed the value."""
        self._changes += 1

    def forget(self) -> None:
        """Back to the initial answer (tests)."""
        self.expire()
        self._value = self._initial

    def _renew(self) -> None:
        changes = self._changes
        try:
            self._value = self._read()
        except Exception as fault:  # Whatever the database has, the call that asks must go on.
            log.warning(
                "keeping the last known value", value=self._name, reason=type(fault).__name__
            )
        self._read_at = changes, self._clock() + self._seconds


Flags = Mapping[tuple[str, object], bool]
Overrides = Mapping[str, BreakerControl]


def _read_flags() -> Flags:
    """Flags set in the admin by name and user; None: everybody."""
    found: dict[tuple[str, object], bool] = {}
    rows = Flag.objects.values_list("name", "state", "overrides__user_id", "overrides__state")
    for name, state, user_id, override in rows:
        if state != Flag.State.UNSET:
            found[name, None] = state == Flag.State.ON
        if override:
            found[name, user_id] = override == FlagOverride.State.ON
    return found


def _read_overrides() -> Overrides:
    return {row.provider: row for row in BreakerControl.objects.all()}


_flags: StaleOnErrorCache[Flags] = StaleOnErrorCache(
    "flags", _read_flags, {}, seconds=FLAGS_SECONDS
)
_overrides: StaleOnErrorCache[Overrides] = StaleOnErrorCache(
    "overrides", _read_overrides, {}, seconds=OVERRIDES_SECONDS
)


def is_on(name: str, *, user: User | None = None) -> bool:
    """Whether a flag is on: the user's row decides, else the admin's, else the environment; those
    of `FLAGS_OFF` never are."""
    if name in settings.FLAGS_OFF:
        return False
    environment: bool = settings.FLAGS[name]
    rows = _flags.get()
    everybody = rows.get((name, None), environment)
    return everybody if user is None else rows.get((name, user.pk), everybody)


def override_of(provider: str) -> OperatorOverride | None:
    control = _overrides.get().get(provider)
    return control.override(timezone.now()) if control else None


def forget() -> None:
    """Forget what is in memory, as after a start (tests)."""
    _flags.forget()
    _overrides.forget()


def expire() -> None:
    _flags.expire()
    _overrides.expire()


@receiver([post_save, post_delete], sender=Flag)
@receiver([post_save, post_delete], sender=FlagOverride)
@receiver([post_save, post_delete], sender=BreakerControl)
def _changed(**_: Any) -> None:
    expire()
    # Until the commit other threads read the old rows again.
    transaction.on_commit(expire)
