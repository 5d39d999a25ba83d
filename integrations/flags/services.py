"""Feature flags: the user's row decides, else the admin's, else the environment.

Every provider call asks `is_on`, so it reads a copy in memory that is at most a second old; a
change made in this process counts at once. While the database does not answer, the last known rows
hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from ava.cache.stale_on_error import StaleOnErrorCache
from integrations.flags.models import Flag, FlagOverride

log = structlog.get_logger("integrations.flags")

FOR_EVERYBODY = frozenset({"CIRCUIT_BREAKER_ENABLED"})
"""Flags without an answer for single users: all users of a provider share its breaker."""


@dataclass(frozen=True)
class _Rows:
    """Flags set in the admin, by name, and by name and user."""

    flags: Mapping[str, bool] = field(default_factory=dict)
    overrides: Mapping[tuple[str, object], bool] = field(default_factory=dict)


def _read() -> _Rows:
    flags: dict[str, bool] = {}
    overrides: dict[tuple[str, object], bool] = {}
    rows = Flag.objects.values_list("name", "state", "overrides__user_id", "overrides__state")
    for name, state, user_id, override in rows:
        if state != Flag.State.UNSET:
            flags[name] = state == Flag.State.ON
        if override:
            overrides[name, user_id] = override == FlagOverride.State.ON
    return _Rows(flags, overrides)


_rows: StaleOnErrorCache[_Rows] = StaleOnErrorCache("flags", _read, _Rows(), seconds=1.0)


def is_on(name: str, *, user: User | None = None) -> bool:
    """Whether a flag is on, for this user or for everybody.

    Raises:
        KeyError: no such flag.
    """
    environment: bool = settings.FLAGS[name]
    rows = _rows.get()
    if user is not None and (name, user.pk) in rows.overrides:
        return rows.overrides[name, user.pk]
    return rows.flags.get(name, environment)


def ensure_rows() -> None:
    """Create the row of each known flag that has none, so that the admin can change it."""
    there = set(Flag.objects.values_list("name", flat=True))
    Flag.objects.bulk_create(
        [Flag(name=name) for name in settings.FLAGS if name not in there], ignore_conflicts=True
    )


@transaction.atomic
def set_flag(*, name: str, state: str, by: User | None, note: str | None = None) -> Flag:
    """Set a flag for everybody, in all processes within a second.

    Args:
        state: "on", "off", or "unset" to leave it to the environment.
        note: why; the present note stays when left out.

    Raises:
        KeyError: no such flag.
    """
    settings.FLAGS[name]
    flag, _ = Flag.objects.select_for_update().get_or_create(name=name)
    flag.state = Flag.State(state)
    flag.note = flag.note if note is None else note
    _stamp(flag, by, "state", "note")
    log.info("flag", name=name, state=state, by=by and by.pk)
    return flag


@transaction.atomic
def save_override(*, override: FlagOverride, by: User | None) -> None:
    """Set a flag for one user, whatever it is for everybody."""
    override.save()
    _stamp(override.flag, by)
    log.info("flag", name=override.flag.name, state=override.state, user=override.user_id)


@transaction.atomic
def delete_override(*, override: FlagOverride, by: User | None) -> None:
    """Remove a flag's setting for one user."""
    override.delete()
    _stamp(override.flag, by)
    log.info("flag", name=override.flag.name, state="unset", user=override.user_id)


def forget() -> None:
    """Forget the copy, as after a start (tests)."""
    _rows.forget()


def _stamp(flag: Flag, by: User | None, *changed: str) -> None:
    """Save who changed the flag, and these of its fields; the others may be stale here."""
    flag.updated_by_id = by.pk if by else None
    flag.save(update_fields=[*changed, "updated_by", "updated_at"])


@receiver([post_save, post_delete], sender=Flag)
@receiver([post_save, post_delete], sender=FlagOverride)
def _changed(**_: Any) -> None:
    _rows.expire()
    # Until the commit other threads read the old rows again.
    transaction.on_commit(_rows.expire)
