"""The bearer token on a REST request."""

from django.contrib.auth.models import User
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from ava.accounts import services, tokens
from ava.accounts.errors import CHALLENGE
from ava.accounts.models import Session


class AccessTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>`; the session becomes `request.auth`."""

    def authenticate(self, request: Request) -> tuple[User, Session] | None:
        scheme, _, raw = request.META.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
        if scheme.lower() != "bearer":
            return None
        session = services.live_session(tokens.read_access(raw.strip()).session_id)
        return session.user, session

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE
