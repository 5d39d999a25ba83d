"""Access to a user's calendar: a token that the provider takes, renewed by one process at a time.

Call none of this inside a transaction: it would not see the token that another process stores.
"""

import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from ava import tenant
from ava.http.problems import Problem
from ava.server import admission
from ava.upstream import ProviderBusy, ProviderUnreachable
from integrations import runtime_config
from integrations.calendar import metrics, oauth, tokens
from integrations.calendar.errors import NotConnected, ReconnectRequired
from integrations.calendar.models import Connection
from integrations.calendar.providers import SERVICES
from integrations.errors import StubsDisabled

log = structlog.get_logger("integrations.calendar")

EARLY = timedelta(minutes=5)
"""Time before its end at which a token is renewed. Where that fails, it serves until its end."""
LEASE = timedelta(seconds=12)
"""Lease of a renewal, longer than a request to the provider may take."""
LONGEST_WAIT = 15.0
"""Seconds for the token that another process asks for: longer than the lease of one that died."""
POLL = 0.05

State = Connection.State


@dataclass(frozen=True)
class Access:
    """An access token, and whose it is. `renewed`: it stands for one that was refused."""

    token: str = field(repr=False)
    connection: Connection
    renewed: bool = False


def find(*, user: User, provider: str) -> Connection | None:
    return Connection.objects.filter(user_id=user.pk, provider=provider).first()


def access(*, user: User, provider: str) -> Access:
    """Access to the user's calendar, for one operation.

    Raises: StubsDisabled or NotConnected where nothing is connected; ReconnectRequired,
    OAuthAppMissing, OAuthAppRefused, ProviderProblem.
    """
    row = find(user=user, provider=provider)
    if row is None:
        raise not_connected(user=user, provider=provider)
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
        if row.state == State.RECONNECT:
            raise tokens.reconnect(row)
        if row.version != version:
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


@dataclass(frozen=True)
class Refreshed:
    connection: Connection
    outcome: str  # "renewed", "ended" or "failed"
    sentence: str


def refresh_all() -> Iterator[Refreshed]:
    """Renew all access tokens that have ended, or soon end."""
    due = Connection.objects.filter(state=State.CONNECTED, expires_at__lte=timezone.now() + EARLY)
    for row in due.select_related("user"):
        try:
            with tenant.bind(tenant.key(row.user_id)):
                renew(row)
        except ReconnectRequired as problem:
            yield Refreshed(row, "ended", problem.detail)
        except Problem as problem:
            yield Refreshed(row, "failed", problem.detail)
        else:
            yield Refreshed(row, "renewed", "Renewed.")


def not_connected(*, user: User, provider: str) -> Problem:
    """Problem of a calendar that is not connected."""
    if runtime_config.is_on("INTEGRATIONS_STUB_MODE", user=user):
        return NotConnected(SERVICES[provider])
    return StubsDisabled("Please complete OAuth setup for calendar access.")


def _take_lease(row: Connection) -> uuid.UUID | None:
    now, lease = timezone.now(), uuid.uuid4()
    free = Connection.objects.filter(
        Q(lease=None) | Q(lease_until__lt=now),
        pk=row.pk,
        version=row.version,
        state=State.CONNECTED,  # it may have ended since the row was read
    )
    return lease if free.update(lease=lease, lease_until=now + LEASE) else None


def _reloaded(row: Connection) -> Connection:
    found = Connection.objects.filter(pk=row.pk).first()
    if found is None:  # disconnected meanwhile
        raise not_connected(user=row.user, provider=row.provider)
    return found
