"""Logins, rotation of tokens, logouts."""

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import structlog
from django.contrib.auth import authenticate
from django.contrib.auth.models import User, update_last_login
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from rest_framework_simplejwt.tokens import RefreshToken

from ava.accounts import login_throttle, tokens
from ava.accounts.errors import LoginFailed, RefreshRaced, SessionEnded, TokenReused
from ava.accounts.models import Session
from ava.accounts.tokens import Tokens
from ava.cache import recent
from ava.jobs.pruning import delete_in_batches
from ava.server import admission

log = structlog.get_logger("ava.accounts")

RACE_SECONDS = 0.1
"""The winner's answer is held back for so long. No client can have its tokens by then, so requests
with the old one are in the same race: tabs that woke at the same moment, and no copy."""


def username_of(identifier: str) -> str:
    """The user name that a login with this identifier means; the identifier itself when unknown.

    A user name wins over an e-mail address, because it is unique. An address that several accounts
    share names none of them. It takes one query, whether the account exists or not.
    """
    name = User.normalize_username(identifier.strip())
    named = Q(username=name)
    if "@" in name:
        # SQLite knows the upper case of ASCII alone.
        address = Q(email__iexact=name) | Q(email__iexact=name.casefold())
        named |= address & Q(is_active=True)
    found = list(User.objects.filter(named).values_list("username", flat=True))
    return found[0] if len(found) == 1 and name not in found else name


def log_in(*, identifier: str, password: str, network: str) -> tuple[User, Tokens]:
    """Check a password and open a session, in the same time for an unknown identifier.

    Args:
        identifier: user name or e-mail address.
        network: the client's, from `ava.http.clients.network`.

    Raises: LoginFailed, LoginSlowed.
    """
    username = username_of(identifier)
    attempt = login_throttle.admit(account=username, network=network, now=timezone.now())
    user = authenticate(username=username, password=password)
    if not isinstance(user, User):
        login_throttle.failed(attempt, now=timezone.now())
        raise LoginFailed
    login_throttle.succeeded(attempt, now=timezone.now())
    update_last_login(None, user)  # type: ignore[arg-type]  # Django's receiver ignores the sender
    return user, open_session(user=user, network=network)


def open_session(*, user: User, network: str = "") -> Tokens:
    """A new session of a user who has proved who they are."""
    now = timezone.now()
    session_id = uuid.uuid4()
    refresh = tokens.new_refresh(session_id, user_id=user.pk)
    Session.objects.create(
        id=session_id,
        user=user,
        refresh_jti=refresh["jti"],
        password_mark=user.get_session_auth_hash(),
        network=network,
        created_at=now,
        refreshed_at=now,
        expires_at=_expiry(refresh),
    )
    return tokens.sign(refresh)


def refresh_session(
    *, refresh_token: str, arrived: datetime, wait: Callable[[float], None] = time.sleep
) -> Tokens:
    """Swap a refresh token for new tokens. Each one works once.

    The swap is one UPDATE that names the expected `jti`, so of any number of requests with the
    same token one wins. Those that were under way by then are refused. A later request holds a
    copy, the client's or a thief's, so the family ends.

    Args:
        arrived: when AVA first saw the request.

    Raises: TokenInvalid, TokenExpired, RefreshRaced, TokenReused, SessionEnded.
    """
    claims = tokens.read_refresh(refresh_token)
    session = live_session(claims.session_id)
    refresh = tokens.new_refresh(session.pk, user_id=session.user_id)
    family = Session.objects.filter(pk=session.pk, revoked_at__isnull=True)
    swapped = family.filter(refresh_jti=claims.jti).update(
        refresh_jti=refresh["jti"],
        swapped_jti=claims.jti,
        swapped_at=None,
        # The same password under the present SECRET_KEY.
        password_mark=session.user.get_session_auth_hash(),
        refreshed_at=timezone.now(),
        expires_at=_expiry(refresh),
    )
    if swapped:
        signed = tokens.sign(refresh)
        admission.release_place()
        wait(RACE_SECONDS)
        family.filter(refresh_jti=refresh["jti"]).update(swapped_at=timezone.now())
        return signed
    if _raced(before=session, after=family.first(), jti=claims.jti, arrived=arrived):
        raise RefreshRaced
    if not revoke(family, end=Session.End.REUSE):
        raise SessionEnded  # somebody else ended it a moment ago
    log.warning("refresh token reused", session=str(session.pk), user=session.user_id)
    raise TokenReused


def _raced(*, before: Session, after: Session | None, jti: str, arrived: datetime) -> bool:
    """Whether a refresh token that does not swap was good when its request arrived.

    Certain where this request itself saw it good, or the winner is still at it. Else the clocks of
    the two hosts say. A winner that crashed is never done: its token is refused, and ends nothing.

    Args:
        before: the session as this request first saw it.
        after: as it is now; None when it has ended.
    """
    if after is None:
        return False
    if before.refresh_jti == jti:
        return True
    swapped_at = after.swapped_at
    return after.swapped_jti == jti and (swapped_at is None or arrived < swapped_at)


def log_out(*, session: Session) -> None:
    """End a session: its user logs out."""
    revoke(Session.objects.filter(pk=session.pk), end=Session.End.LOGOUT)


def live_session(session_id: uuid.UUID) -> Session:
    """The session with its user, if its tokens may still be used. Raises: SessionEnded."""
    session = Session.objects.select_related("user").filter(pk=session_id).first()
    if session is None or session.revoked_at is not None or not session.user.is_active:
        raise SessionEnded
    if not _is_password_of(session.user, session.password_mark):
        revoke(Session.objects.filter(pk=session.pk), end=Session.End.PASSWORD)
        raise SessionEnded
    return session


def _is_password_of(user: User, mark: str) -> bool:
    """Whether the mark was made of the user's present password."""
    if constant_time_compare(mark, user.get_session_auth_hash()):
        return True
    fallbacks = user.get_session_auth_fallback_hash()
    return any(constant_time_compare(mark, made) for made in fallbacks)


def revoke(sessions: QuerySet[Session], *, end: Session.End) -> int:
    """End these sessions: their access tokens are refused from now on, too. Returns how many."""
    ended = sessions.filter(revoked_at__isnull=True).update(revoked_at=timezone.now(), end=end)
    recent.changed()
    return ended


def user_changed(update_fields: frozenset[str] | None = None, **signal: Any) -> None:
    """Invalidate remembered users: one may be inactive, or have another password."""
    if update_fields != frozenset(["last_login"]):
        recent.changed()


def prune(before: datetime, dry_run: bool) -> int:
    """Delete the sessions whose last refresh token has expired by now, however young."""
    expired = Session.objects.filter(expires_at__lte=timezone.now())
    return delete_in_batches(expired, dry_run=dry_run)


def _expiry(refresh: RefreshToken) -> datetime:
    return datetime.fromtimestamp(refresh["exp"], tz=UTC)
