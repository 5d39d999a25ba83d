"""Signing in at a calendar provider: from the link to the connection.

The link belongs to the user who asked for it, and to the first browser that opens it; what the
provider sends back is taken from that browser alone, and once.
"""

import hashlib
import secrets
import uuid
from contextlib import suppress
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog
from django.contrib.auth.models import AnonymousUser, User
from django.utils.crypto import constant_time_compare

from ava import tenant
from ava.http import correlation
from ava.http.problems import Problem
from integrations.calendar import connections, metrics, oauth, tokens
from integrations.calendar.errors import (
    AuthorizationDenied,
    AuthorizationIncomplete,
    AuthorizationRefused,
)
from integrations.calendar.models import AuthorizationRequest, Connection
from integrations.calendar.oauth import App, Grant
from integrations.calendar.providers import SERVICES
from integrations.errors import UnknownCalendar

log = structlog.get_logger("integrations.calendar")

LIFETIME = timedelta(minutes=10)

Visitor = User | AnonymousUser

_OUTCOMES: dict[type[Problem], str] = {
    AuthorizationDenied: "denied",
    AuthorizationIncomplete: "incomplete",
    AuthorizationRefused: "refused",
}


def begin(*, user: User, provider: str, now: datetime) -> AuthorizationRequest:
    """A sign-in of the user's; one begun before ends. Raises: UnknownCalendar, OAuthAppMissing."""
    require_known(provider)
    oauth.app(provider)
    AuthorizationRequest.objects.filter(user_id=user.pk, provider=provider).delete()
    return AuthorizationRequest.objects.create(
        user_id=user.pk,
        provider=provider,
        verifier=secrets.token_urlsafe(64),
        expires_at=now + LIFETIME,
    )


def open_link(
    *, request_id: str, provider: str, browser: str, visitor: Visitor, now: datetime
) -> AuthorizationRequest:
    """The sign-in of a link, which from now on is this browser's.

    Args:
        browser: the value of its cookie.
        visitor: who is logged in there, if anybody is.

    Raises: UnknownCalendar, AuthorizationRefused.
    """
    require_known(provider)
    rows = AuthorizationRequest.objects.filter(
        pk=_uuid(request_id), provider=provider, expires_at__gt=now
    )
    row = rows.select_related("user").first()
    if row is None:
        raise AuthorizationRefused("This link has expired, was used, or a newer one replaced it.")
    _require_user(row, visitor)
    if not rows.filter(browser__in=("", _digest(browser))).update(browser=_digest(browser)):
        raise AuthorizationRefused("This link was opened in another browser before.")
    return row


def sign_in_url(row: AuthorizationRequest, *, redirect_uri: str) -> str:
    """Address at which the browser signs in, with a new state. Raises: OAuthAppMissing."""
    app = oauth.app(row.provider)
    state = secrets.token_urlsafe(32)
    AuthorizationRequest.objects.filter(pk=row.pk).update(state=_digest(state))
    return oauth.sign_in_url(
        app, redirect_uri=redirect_uri, state=state, verifier=row.verifier.open()
    )


def origin(provider: str) -> str:
    """Origin of the provider's sign-in page. Raises: OAuthAppMissing."""
    parts = urlsplit(oauth.app(provider).authorize_url)
    return f"{parts.scheme}://{parts.netloc}"


def finish(
    *,
    provider: str,
    state: str,
    code: str,
    error: str,
    browser: str,
    visitor: Visitor,
    redirect_uri: str,
    now: datetime,
) -> Connection:
    """The connection, after the provider sent the browser back.

    Raises: UnknownCalendar, AuthorizationRefused, AuthorizationIncomplete, OAuthAppMissing,
    OAuthAppRefused, ProviderProblem.
    """
    require_known(provider)
    outcome = "failed"
    try:
        row = _used_up(provider, state, browser, visitor, now)
        if error or not code:
            name = SERVICES[provider].name
            denied = error == "access_denied"
            raise AuthorizationDenied(
                "You did not allow it." if denied else f"{name} did not finish the sign-in."
            )
        with tenant.bind(tenant.key(row.user_id)):
            found = _connected(row, code, redirect_uri, now)
        outcome = "connected"
    except Problem as problem:
        outcome = _OUTCOMES.get(type(problem), outcome)
        raise
    finally:
        metrics.SIGN_INS.labels(provider, outcome).inc()
    return found


def require_known(provider: str) -> None:
    if provider not in SERVICES:
        raise UnknownCalendar(provider)


def _used_up(
    provider: str, state: str, browser: str, visitor: Visitor, now: datetime
) -> AuthorizationRequest:
    """The sign-in that this state belongs to, which nothing finds again."""
    rows = AuthorizationRequest.objects.filter(provider=provider, state=_digest(state))
    row = rows.select_related("user").first()
    if row is None:
        raise AuthorizationRefused("AVA knows of no such sign-in, or it was finished before.")
    if not constant_time_compare(row.browser, _digest(browser)):
        raise AuthorizationRefused("This sign-in was begun in another browser.")
    _require_user(row, visitor)
    # Of several callbacks at once, one deletes it.
    if not rows.filter(pk=row.pk).delete()[0]:
        raise AuthorizationRefused("This sign-in was finished before.")
    if row.expires_at <= now:
        raise AuthorizationRefused("This sign-in took longer than ten minutes.")
    return row


def _connected(
    row: AuthorizationRequest, code: str, redirect_uri: str, now: datetime
) -> Connection:
    app = oauth.app(row.provider)
    verifier = row.verifier.open()
    grant = oauth.redeem(app, code=code, redirect_uri=redirect_uri, verifier=verifier)
    before = connections.find(user=row.user, provider=row.provider)
    if missing := _missing(app, grant):
        if before is None:  # it would end that access, too
            with suppress(Problem):
                oauth.revoke(row.provider, grant.refresh_token or grant.access_token)
        raise AuthorizationIncomplete(app.service, missing)
    if before and before.account != grant.account:
        with suppress(Problem):
            oauth.revoke(row.provider, tokens.opened(before)[1])
    found, _ = Connection.objects.update_or_create(
        user_id=row.user_id,
        provider=row.provider,
        defaults={
            "account": grant.account,
            "scopes": list(grant.scopes),
            "state": Connection.State.CONNECTED,
            "tokens": tokens.text(grant),
            "version": uuid.uuid4(),
            "expires_at": now + timedelta(seconds=grant.seconds),
            "lease": None,
            "lease_until": None,
            "connected_at": now,
            "refreshed_at": now,
            "correlation_id": correlation.current(),
        },
    )
    log.info("calendar connected", service=row.provider, user=row.user_id)
    return found


def _missing(app: App, grant: Grant) -> list[str]:
    """Access that the user did not allow, in words. Microsoft names scopes with and without their
    host."""
    allowed = {scope.rpartition("/")[2].lower() for scope in grant.scopes}
    found = [
        word
        for scope, word in app.needed.items()
        if scope.rpartition("/")[2].lower() not in allowed
    ]
    return found if grant.refresh_token else [*found, "keep its access while you are away"]


def _require_user(row: AuthorizationRequest, visitor: Visitor) -> None:
    if visitor.is_authenticated and visitor.pk != row.user_id:
        raise AuthorizationRefused("This sign-in belongs to another user of AVA.")
    if not row.user.is_active:
        raise AuthorizationRefused("This sign-in belongs to an account that is deactivated.")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise AuthorizationRefused("This is no link of AVA's.") from None
