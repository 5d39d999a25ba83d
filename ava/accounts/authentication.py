"""The bearer token on a REST request."""

import time
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from ava.accounts.errors import CHALLENGE, SessionEnded, TokenExpired, Unauthenticated
from ava.accounts.models import Session
from ava.accounts.tokens import Claims, verified_access
from ava.cache.recent import RecentValues

_sessions: RecentValues[UUID, Session] = RecentValues()


class AccessTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>`; the session becomes `request.auth`."""

    def authenticate(self, request: Request) -> tuple[User, Session] | None:
        raw = _bearer(request)
        if raw is None:
            return None
        session_id = _read(raw).session_id
        session = _sessions.get(session_id) or _sessions.read(
            session_id, lambda: live_session(session_id)
        )
        return session.user, session

    def signed_user(self, request: Request) -> str | None:
        """The user that the token names, by its signature alone: for counting, never for access."""
        raw = _bearer(request)
        if raw is None:
            return None
        try:
            return _read(raw).user
        except Unauthenticated:
            return None

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def remembered(request: HttpRequest) -> tuple[User, str | None] | None:
    """The caller, as of a second ago at most, and whom the rate limit counts.

    None where the token is not right, or the database has to be asked.
    """
    raw = _bearer(request)
    try:
        claims = None if raw is None else _read(raw)
    except Unauthenticated:
        return None
    session = None if claims is None else _sessions.get(claims.session_id)
    return None if claims is None or session is None else (session.user, claims.user)


def live_session(session_id: UUID) -> Session:
    """The session with its user, if its tokens may still be used. Raises: SessionEnded."""
    session = Session.objects.select_related("user").filter(pk=session_id).first()
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
