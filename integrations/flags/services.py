"""The last word on a feature flag: the user's row, else the admin's, else the environment's.

`is_on` is asked at every provider call, so it reads a copy in memory that is at most a second
old; a change made in this process counts at once. While the database does not answer, the last
known rows hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from ava.cache.lastknown import LastKnown
from integrations.flags.models import Flag, FlagOverride

log = structlog.get_logger("integrations.flags")

FOR_EVERYBODY = frozenset({"CIRCUIT_BREAKER_ENABLED"})
"""Flags without an answer for single users: all users of a provider share its breaker."""


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
    """What the admin says: by flag, and by flag and user."""

    flags: Mapping[str, bool] = field(default_factory=dict)
    overrides: Mapping[tuple[str, object], bool] = field(default_factory=dict)


def _read() -> _Rows:
    flags = Flag.objects.exclude(state=Flag.State.UNSET)
    overrides = FlagOverride.objects.select_related("flag")
    return _Rows(
        {row.name: row.state == Flag.State.ON for row in flags},
        {(row.flag.name, row.user_id): row.state == FlagOverride.State.ON for row in overrides},
    )


_rows: LastKnown[_Rows] = LastKnown("flags", _read, _Rows(), seconds=1.0)


def is_on(name: str, *, user: User | None = None) -> bool:
    """Whether a flag is on, for this user or for everybody.

    Raises:
        KeyError: no such flag.
    """
    return explain(name, user=user).on


def explain(name: str, *, user: User | None = None) -> Explanation:
    """Whether a flag is on and who decided it.

    Raises:
        KeyError: no such flag.
    """
    environment: bool = settings.FLAGS[name]
    rows = _rows.get()
    if user is not None and (name, user.pk) in rows.overrides:
        return Explanation(name, rows.overrides[name, user.pk], "user", environment)
    if name in rows.flags:
        return Explanation(name, rows.flags[name], "admin", environment)
    return Explanation(name, environment, "environment", environment)


def ensure_rows() -> None:
    """Have a row for each known flag, so that the admin can list and change it."""
    there = set(Flag.objects.values_list("name", flat=True))
    Flag.objects.bulk_create(
        [Flag(name=name) for name in settings.FLAGS if name not in there], ignore_conflicts=True
    )


@transaction.atomic
def set_flag(*, name: str, state: str, by: User | None, note: str | None = None) -> Flag:
    """Answer a flag for everybody, on all processes within a second.

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
    """Answer a flag for one user, whatever it is for everybody."""
    override.save()
    _stamp(override.flag, by)
    log.info("flag", name=override.flag.name, state=override.state, user=override.user_id)


@transaction.atomic
def delete_override(*, override: FlagOverride, by: User | None) -> None:
    """Let a flag be for this user what it is for everybody."""
    override.delete()
    _stamp(override.flag, by)
    log.info("flag", name=override.flag.name, state="unset", user=override.user_id)


def forget() -> None:
    """Know nothing, as after a start (tests)."""
    _rows.forget()


def _stamp(flag: Flag, by: User | None, *changed: str) -> None:
    """Write who changed the flag, and these fields of it; the rest may be stale here."""
    flag.updated_by_id = by.pk if by else None
    flag.save(update_fields=[*changed, "updated_by", "updated_at"])


@receiver([post_save, post_delete], sender=Flag)
@receiver([post_save, post_delete], sender=FlagOverride)
def _changed(**_: Any) -> None:
    _rows.expire()
    # Until the commit other threads read the old rows again.
    transaction.on_commit(_rows.expire)
