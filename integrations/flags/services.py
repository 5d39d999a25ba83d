"""Feature flags, set and changed by operators."""

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from integrations.flags.models import Flag, FlagOverride

log = structlog.get_logger("integrations.flags")

FOR_EVERYBODY = frozenset({"CIRCUIT_BREAKER_ENABLED"})
"""Flags without an answer for single users: all users of a provider share its breaker."""


def ensure_rows() -> None:
    """Create the row of each known flag that has none, so that the admin can change it."""
    there = set(Flag.objects.values_list("name", flat=True))
    Flag.objects.bulk_create(
        [Flag(name=name) for name in settings.FLAGS if name not in there], ignore_conflicts=True
    )


@transaction.atomic
def set_flag(*, name: str, state: str, by: User | None, note: str | None = None) -> Flag:
    """Set a flag for everybody, in all processes within a second. Raises: KeyError, ValueError."""
    settings.FLAGS[name]
    flag, _ = Flag.objects.select_for_update().get_or_create(name=name)
    flag.state = Flag.State(state)
    flag.note = flag.note if note is None else note
    _stamp(flag, by, "state", "note")
    log.info("flag", name=name, state=state, by=by and by.pk)
    return flag


@transaction.atomic
def save_override(*, override: FlagOverride, by: User | None) -> None:
    override.save()
    _stamp(override.flag, by)
    log.info("flag", name=override.flag.name, state=override.state, user=override.user_id)


@transaction.atomic
def delete_override(*, override: FlagOverride, by: User | None) -> None:
    override.delete()
    _stamp(override.flag, by)
    log.info("flag", name=override.flag.name, state="unset", user=override.user_id)


def _stamp(flag: Flag, by: User | None, *changed: str) -> None:
    """Save who changed the flag, and these of its fields; the others may be stale here."""
    flag.updated_by_id = by.pk if by else None
    flag.save(update_fields=[*changed, "updated_by", "updated_at"])
