"""Access to a user's calendar: a token that the provider takes, renewed by one process at a time.

Call none of this inside a transaction: whoever waits for another process' token would not see it.
"""

import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from ava.http.problems import Problem
from ava.server import admission
from ava.upstream import ProviderBusy, ProviderUnreachable
from integrations.calendar import metrics, oauth, tokens
from integrations.calendar.errors import OAuthAppMissing, ReconnectRequired
from integrations.calendar.models import Connection
from integrations.calendar.providers import SERVICES
from integrations.errors import StubsDisabled

log = structlog.get_logger("integrations.calendar")

EARLY = timedelta(minutes=5)
"""So long before its end a token is renewed. Where that fails, it serves until its end."""
LEASE = timedelta(seconds=15)
"""Longer than a request to the provider may take."""
LONGEST_WAIT = 12.0  # seconds, for the token that another process asks for
POLL = 0.05


State = Connection.State
STATES = ("none", *State.values)


@dataclass(frozen=True)
class Access:
    """An access token, and whose it is. `renewed`: it stands for one that was refused."""

    token: str = field(repr=False)
    connection: Connection
    renewed: bool = False


@dataclass(frozen=True)
class Description:
    provider: str
    state: str  # one of `STATES`
    message: str  # a sentence
    account: str = ""
    scopes: Sequence[str] = ()
    connected_at: datetime | None = None


def find(*, user: User, provider: str) -> Connection | None:
    return Connection.objects.filter(user_id=user.pk, provider=provider).first()


def disconnect(*, user: User, provider: str) -> None:
    """Revoke the access at the provider, where it takes that, and forget it. Raises:
    ProviderProblem; nothing is forgotten then."""
    row = find(user=user, provider=provider)
    if row is None:
        return
    with suppress(ReconnectRequired):  # there is nothing to revoke, or nothing that opens
        _, refresh_token = tokens.opened(row)
        oauth.revoke(provider, refresh_token)
    row.delete()
    log.info("calendar disconnected", service=provider, user=row.user_id)


def describe(*, user: User, provider: str) -> Description:
    row = find(user=user, provider=provider)
    name = SERVICES[provider].name
    if row is None:
        ready = oauth.is_set_up(provider)
        remedy = "Connect it in Settings." if ready else OAuthAppMissing(SERVICES[provider]).remedy
        return Description(provider, "none", f"{name} is not connected. {remedy}")
    problem = problem_of(row)
    return Description(
        provider=provider,
        state=State.RECONNECT if problem else State.CONNECTED,
        message=problem or f"{name} is connected.",
        account=row.account,
        scopes=row.scopes,
        connected_at=row.connected_at,
    )


def ended(*, user: User) -> dict[str, str]:
    """The user's connections by provider, each with `problem_of` it."""
    rows = Connection.objects.filter(user_id=user.pk)
    return {row.provider: problem_of(row) for row in rows}


def problem_of(row: Connection) -> str:
    """A sentence where it must be connected again, else empty."""
    try:
        tokens.opened(row)
    except ReconnectRequired as problem:
        return problem.detail
    return ""


def access(*, user: User, provider: str) -> Access:
    """Access to the user's calendar, for one operation.

    Raises: StubsDisabled where nothing is connected; ReconnectRequired, OAuthAppMissing,
    OAuthAppRefused, ProviderProblem.
    """
    row = find(user=user, provider=provider)
    if row is None:
        raise not_connected()
    (token, _), now = tokens.opened(row), timezone.now()
    if row.expires_at - EARLY <= now:
        try:
            row = renew(row, is_usable=row.expires_at > now)
            token, _ = tokens.opened(row)
        except ReconnectRequired:
            raise
        except Problem:
            if row.expires_at <= timezone.now():
                raise
    return Access(token, row)


def refused(access: Access) -> Access:
    """Access after the provider refused (401) this one: renewed once, else it has ended.

    Raises: as `access` does.
    """
    row = _reloaded(access.connection)
    if row.version == access.connection.version:
        if access.renewed:
            metrics.REFRESHES.labels(row.provider, "ended").inc()
            raise tokens.give_up(row, now=timezone.now())
        row = renew(row)
    return Access(tokens.opened(row)[0], row, renewed=True)


def renew(row: Connection, *, is_usable: bool = False) -> Connection:
    """The row with a newer token. One process asks, the others wait; none where the present token
    `is_usable`.

    Raises: ReconnectRequired, OAuthAppMissing, OAuthAppRefused, ProviderProblem.
    """
    version, until = row.version, time.monotonic() + LONGEST_WAIT
    _, refresh_token = tokens.opened(row)
    while not (lease := _take_lease(row)):
        if is_usable:
            return row
        admission.release_place()
        time.sleep(POLL)
        row = _reloaded(row)
        if row.version != version or row.state == State.RECONNECT:
            return row
        if row.lease is None:  # who asked got none
            raise ProviderUnreachable(SERVICES[row.provider])
        if time.monotonic() > until:
            raise ProviderBusy(SERVICES[row.provider])
    mine = Connection.objects.filter(pk=row.pk, lease=lease)
    outcome = "failed"
    try:
        grant = oauth.refresh(oauth.app(row.provider), refresh_token)
        tokens.keep(mine, row, grant, before=refresh_token, now=timezone.now())
        outcome = "renewed"
    except ReconnectRequired:
        outcome = "ended"
        raise tokens.give_up(row, now=timezone.now()) from None
    finally:
        metrics.REFRESHES.labels(row.provider, outcome).inc()
        mine.update(lease=None, lease_until=None)
    return _reloaded(row)


def not_connected() -> StubsDisabled:
    return StubsDisabled("Please complete OAuth setup for calendar access.")


def _take_lease(row: Connection) -> uuid.UUID | None:
    now, lease = timezone.now(), uuid.uuid4()
    free = Connection.objects.filter(
        Q(lease=None) | Q(lease_until__lt=now), pk=row.pk, version=row.version
    )
    return lease if free.update(lease=lease, lease_until=now + LEASE) else None


def _reloaded(row: Connection) -> Connection:
    found = Connection.objects.filter(pk=row.pk).first()
    if found is None:  # disconnected meanwhile
        raise not_connected()
    return found
