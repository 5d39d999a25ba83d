"""Logins, rotation of tokens, logouts, confirmation by password, deactivation of users."""

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import structlog
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import User, update_last_login
from django.contrib.sessions.models import Session as BrowserSession
from django.db import transaction
from django.utils import timezone
from rest_framework_simplejwt.tokens import RefreshToken

from ava.accounts import login_throttle, tokens
from ava.accounts.authentication import live_session
from ava.accounts.errors import (
    LoginFailed,
    PasswordNotSet,
    PasswordWrong,
    RefreshRaced,
    SessionEnded,
    TokenReused,
)
from ava.accounts.hashers import spellings
from ava.accounts.models import ApiToken, Session
from ava.accounts.queries import username_of
from ava.accounts.tokens import Tokens
from ava.backup.holding import Restored
from ava.cache import recent
from ava.server import admission

log = structlog.get_logger("ava.accounts")

RACE_SECONDS = 0.1
"""Delay of the winner's answer. Until then no client can have its tokens, so a request with the old
one is part of the same race: tabs that woke at the same moment, not a stolen copy."""

Stop = Callable[[User], int]
_stops: list[Stop] = []


def log_in(*, identifier: str, password: str, network: str) -> tuple[User, Tokens]:
    """Check a password and open a session, in the same time for an unknown user name or address."""
    username = username_of(identifier)
    with login_throttle.guarded(account=username, network=network):
        user = authenticate(username=username, password=password)
        if not isinstance(user, User):
            spend_as_for_a_user(username, password)
            raise LoginFailed
    update_last_login(None, user)  # type: ignore[arg-type]  # Django's receiver ignores the sender
    return user, open_session(user=user, network=network)


def spend_as_for_a_user(username: str, password: str) -> None:
    """Work done after a login that failed: checking an existing user's hash against all spellings
    of the password, of which Django does one where there is no such user."""
    others = spellings(password)[1:]
    if others and not User.objects.filter(username=username).exists():
        for one in others:
            make_password(one)


def confirm_password(*, user: User, password: str, network: str) -> None:
    """Ask a user who is logged in for the password again (OWASP ASVS 5.0, 7.5.3).

    Tokens are stolen more easily, so they are not enough for what hands secrets to somebody else.
    Guesses count as guesses at the login.

    Raises: PasswordNotSet, PasswordWrong, LoginSlowed.
    """
    if not user.has_usable_password():
        raise PasswordNotSet
    with login_throttle.guarded(account=user.get_username(), network=network):
        # Not the user's own method: that may store a new hash, which ends the user's sessions.
        if not check_password(password, user.password):
            log.warning("wrong password at a confirmation", user=user.pk)
            raise PasswordWrong


def open_session(*, user: User, network: str = "") -> Tokens:
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
    if not family.revoke(Session.End.REUSE):
        raise SessionEnded  # somebody else ended it a moment ago
    log.warning("refresh token reused", session=str(session.pk), user=session.user_id)
    raise TokenReused


def _raced(*, before: Session, after: Session | None, jti: str, arrived: datetime) -> bool:
    """Whether a refresh token that does not swap was good when its request arrived.

    Certain where this request itself saw it good, or the winner has not finished. Else the clocks
    of the two hosts decide. A winner that crashed never finishes: its token is refused, and ends
    nothing.
    """
    if after is None:
        return False
    if before.refresh_jti == jti:
        return True
    swapped_at = after.swapped_at
    return after.swapped_jti == jti and (swapped_at is None or arrived < swapped_at)


def log_out(*, session: Session) -> None:
    Session.objects.filter(pk=session.pk).revoke(Session.End.LOGOUT)


def stop_on_deactivation(stop: Stop) -> None:
    """Register `stop(user)`, called in `ready()`: it ends what is under way for a user.

    It returns how many things it ends, asks no provider (its jobs do), and may be called again.
    """
    _stops.append(stop)


def deactivate(user: User) -> int:
    """End the user's logins, API tokens and all that is under way. Returns how much is ended."""
    with transaction.atomic():
        user.is_active = False
        user.save(update_fields=["is_active"])
        Session.objects.filter(user=user).revoke(Session.End.OPERATOR)
        ApiToken.objects.filter(user=user).revoke(ApiToken.End.OPERATOR)
    # Not in one transaction: a tenant may have a hundred thousand messages waiting, and meanwhile
    # no one else could write. Nothing leaves for an inactive user, however far this comes.
    count = sum(stop(user) for stop in _stops)
    log.info("user deactivated", user=user.pk, stopped=count)
    return count


def user_changed(update_fields: frozenset[str] | None = None, **signal: Any) -> None:
    """Invalidate remembered users: one may be inactive, or have another password."""
    if update_fields != frozenset(["last_login"]):
        recent.changed()


def hold(restored: Restored) -> int:
    """End all logins of a backup: some of them had been ended since."""
    BrowserSession.objects.all().delete()
    return Session.objects.all().revoke(Session.End.OPERATOR)


def _expiry(refresh: RefreshToken) -> datetime:
    return datetime.fromtimestamp(refresh["exp"], tz=UTC)
