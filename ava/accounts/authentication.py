"""The bearer token on a REST request."""

from uuid import UUID

from django.contrib.auth.models import User
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from ava.accounts import services, tokens
from ava.accounts.errors import CHALLENGE, Unauthenticated
from ava.accounts.models import Session
from ava.redis.recent import RecentValues

_sessions: RecentValues[UUID, Session] = RecentValues()


class AccessTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>`; the session becomes `request.auth`."""

    def authenticate(self, request: Request) -> tuple[User, Session] | None:
        raw = _bearer(request)
        if raw is None:
            return None
        session_id = tokens.read_access(raw).session_id
        session = _sessions.get(session_id) or _sessions.read(
            session_id, lambda: services.live_session(session_id)
        )
        return session.user, session

    def signed_user(self, request: Request) -> str | None:
        """The user that the token names, by its signature alone: for counting, never for access."""
        raw = _bearer(request)
        if raw is None:
            return None
        try:
            return tokens.read_access(raw).user
        except Unauthenticated:
            return None

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def _bearer(request: Request) -> str | None:
    scheme, _, raw = request.META.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
    return raw.strip() if scheme.lower() == "bearer" else None
