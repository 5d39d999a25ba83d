"""Bearer token of a REST request: a login's, or a personal API token, which may do less."""

import time
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from ava.accounts import api_tokens
from ava.accounts.errors import (
    CHALLENGE,
    LoginRequired,
    SessionEnded,
    TokenExpired,
    TokenReadOnly,
    Unauthenticated,
)
from ava.accounts.models import ApiToken, Session
from ava.accounts.tokens import Claims, pseudonym, verified_access
from ava.cache.recent import RecentValues

_sessions: RecentValues[UUID, Session] = RecentValues()
_api_tokens: RecentValues[str, ApiToken] = RecentValues()


class AccessTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`; the session or the API token becomes `request.auth`."""

    def authenticate(self, request: Request) -> tuple[User, Session | ApiToken] | None:
        raw = _bearer(request)
        if raw is None:
            return None
        if raw.startswith(api_tokens.PREFIX):
            token = _api_token(raw)
            api_tokens.use(token, now=timezone.now())
            return token.user, token
        session_id = _read(raw).session_id
        session = _sessions.get_or_read(session_id, lambda: live_session(session_id))
        return session.user, session

    def signed_user(self, request: Request) -> str | None:
        """The user that the token names, by its signature alone: for counting, never for access.

        An API token has no signature: it is looked up, or remembered.
        """
        raw = _bearer(request)
        if raw is None:
            return None
        try:
            if raw.startswith(api_tokens.PREFIX):
                return _counted_as(_api_token(raw))
            return _read(raw).user
        except Unauthenticated:
            return None

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


class WithinScope(BasePermission):
    """Refuses writes to API tokens that may only read, and a view's `login_only` actions to all."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Raises: TokenReadOnly, LoginRequired."""
        if isinstance(request.auth, ApiToken):
            if getattr(view, "action", None) in getattr(view, "login_only", ()):
                raise LoginRequired
            if request.auth.scope == ApiToken.Scope.READ and request.method not in SAFE_METHODS:
                raise TokenReadOnly
        return True


def remembered(request: HttpRequest) -> tuple[User, str | None] | None:
    """The caller, as of a second ago at most, and whom the rate limit counts.

    None where the token is not right, or the database has to be asked.
    """
    raw = _bearer(request)
    try:
        if raw is not None and raw.startswith(api_tokens.PREFIX):
            token, now = _api_tokens.get(api_tokens.read_digest(raw)), timezone.now()
            if token is None or api_tokens.has_ended(token, now=now):
                return None
            return (token.user, _counted_as(token)) if api_tokens.is_noted(token, now=now) else None
        claims = None if raw is None else _read(raw)
    except Unauthenticated:
        return None
    session = None if claims is None else _sessions.get(claims.session_id)
    return None if claims is None or session is None else (session.user, claims.user)


def _api_token(raw: str) -> ApiToken:
    """Raises ApiTokenInvalid."""
    digest = api_tokens.read_digest(raw)
    return _api_tokens.get_or_read(digest, lambda: api_tokens.live_token(digest))


def _counted_as(token: ApiToken) -> str:
    return pseudonym(token.user_id, settings.SECRET_KEY)


def live_session(session_id: UUID) -> Session:
    """The session with its user, if its tokens may still be used. Raises: SessionEnded."""
    rows = Session.objects.select_related("user")
    session: Session | None = rows.filter(pk=session_id).first()
    if session is None or session.revoked_at is not None or not session.user.is_active:
        raise SessionEnded
    user, mark = session.user, session.password_mark
    marks = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    if not any(constant_time_compare(mark, made) for made in marks):
        Session.objects.filter(pk=session.pk).revoke(Session.End.PASSWORD)
        raise SessionEnded
    return session


def _read(raw: str) -> Claims:
    """Raises TokenInvalid or TokenExpired."""
    claims, expires_at = verified_access(raw, settings.AVA_JWT_KEY_PREVIOUS)
    if expires_at <= time.time():
        raise TokenExpired
    return claims


def _bearer(request: Request | HttpRequest) -> str | None:
    scheme, _, raw = request.META.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
    return raw.strip() if scheme.lower() == "bearer" else None
