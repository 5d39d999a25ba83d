"""Tokens of a connection: opened, kept, given up."""

import json
import uuid
from datetime import datetime, timedelta

import structlog
from django.db.models import QuerySet

from ava.sealing.fields import Sealed, SealedField, seal
from ava.sealing.keys import Unsealable
from integrations.calendar import oauth
from integrations.calendar.errors import ReconnectRequired
from integrations.calendar.models import Connection
from integrations.calendar.oauth import Grant
from integrations.calendar.providers import GOOGLE, SERVICES

log = structlog.get_logger("integrations.calendar")

TESTING = timedelta(days=7)
"""https://developers.google.com/identity/protocols/oauth2#expiration"""

Tokens = tuple[str, str]
"""Access token and refresh token."""


def opened(row: Connection) -> Tokens:
    """Raises: ReconnectRequired."""
    if row.state == Connection.State.RECONNECT:
        raise reconnect(row)
    try:
        access, refresh = json.loads(row.tokens.open())
    except Unsealable:
        # Kept: the operator may bring the key back.
        reason = "AVA cannot read what it has stored."
        raise ReconnectRequired(SERVICES[row.provider], reason) from None
    return access, refresh


def text(grant: Grant, before: str = "") -> str:
    """Text of the tokens, to be sealed. Without a new refresh token the one before goes on."""
    return json.dumps([grant.access_token, grant.refresh_token or before])


def keep(
    rows: QuerySet[Connection], row: Connection, grant: Grant, *, before: str, now: datetime
) -> None:
    """Keep new tokens in `rows`, which are this row or none; `before`: its refresh token."""
    rows.update(
        tokens=_sealed(row, text(grant, before)),
        expires_at=now + timedelta(seconds=grant.seconds),
        refreshed_at=now,
        version=uuid.uuid4(),
    )


def give_up(row: Connection, *, now: datetime) -> ReconnectRequired:
    """Forget the tokens, unless there are newer ones. The problem to raise."""
    ended = Connection.objects.filter(pk=row.pk, version=row.version)
    if ended.update(state=Connection.State.RECONNECT, tokens=_sealed(row, "[]"), expires_at=now):
        log.warning("calendar must be connected again", service=row.provider, user=row.user_id)
        row.refresh_from_db()
    return reconnect(row)


def reconnect(row: Connection) -> ReconnectRequired:
    """The problem of a connection that the provider has ended."""
    week, reason = row.connected_at + TESTING, oauth.ACCESS_ENDED
    if row.provider == GOOGLE.label and row.refreshed_at < week <= row.expires_at:
        reason += (
            " Google ends access after seven days while the consent screen of AVA's app is in "
            "testing: ask your operator to publish it."
        )
    return ReconnectRequired(SERVICES[row.provider], reason)


def _sealed(row: Connection, tokens: str) -> Sealed:
    column = Connection._meta.get_field("tokens")
    assert isinstance(column, SealedField)  # noqa: S101 - narrows the type
    return seal(tokens, column.binding(row))
