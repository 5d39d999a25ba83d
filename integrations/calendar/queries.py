"""Connections as people are shown them: whose account, and whether it works."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User

from integrations.calendar import connections, tokens
from integrations.calendar.errors import OAuthAppMissing, ReconnectRequired
from integrations.calendar.models import Connection
from integrations.calendar.providers import SERVICES

STATES = ("none", *Connection.State.values)


@dataclass(frozen=True)
class Description:
    provider: str
    state: str  # one of `STATES`
    message: str  # a sentence
    account: str = ""
    scopes: Sequence[str] = ()
    connected_at: datetime | None = None


def describe(*, user: User, provider: str) -> Description:
    return _described(provider, connections.find(user=user, provider=provider))


def describe_all(*, user: User) -> list[Description]:
    """Each calendar, connected or not."""
    rows = {row.provider: row for row in Connection.objects.filter(user_id=user.pk)}
    return [_described(provider, rows.get(provider)) for provider in SERVICES]


def _described(provider: str, row: Connection | None) -> Description:
    name = SERVICES[provider].name
    if row is None:
        return Description(provider, "none", f"{name} is not connected. {how_to_connect(provider)}")
    problem = problem_of(row)
    return Description(
        provider=provider,
        state=Connection.State.RECONNECT if problem else Connection.State.CONNECTED,
        message=problem or f"{name} is connected.",
        account=row.account,
        scopes=row.scopes,
        connected_at=row.connected_at,
    )


def how_to_connect(provider: str) -> str:
    """A sentence for a user who is not connected."""
    if all(settings.OAUTH_APPS[provider]):
        return f"Connect {SERVICES[provider].name} in Settings."
    return OAuthAppMissing(SERVICES[provider]).remedy


def problems(*, user: User) -> dict[str, str]:
    """The user's connections by provider, each with `problem_of` it."""
    rows = Connection.objects.filter(user_id=user.pk).order_by()
    return {row.provider: problem_of(row) for row in rows}


def problem_of(row: Connection) -> str:
    """A sentence where it must be connected again, else empty."""
    try:
        tokens.opened(row)
    except ReconnectRequired as problem:
        return problem.detail
    return ""
