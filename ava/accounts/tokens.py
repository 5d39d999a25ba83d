"""Tokens, signed and read: simplejwt's classes, carrying AVA's session.

Access and refresh tokens carry `sid`, the session they belong to. Nothing else in them is
believed when it comes to access. `sub`, a pseudonym that changes with SECRET_KEY, says to the rate
limit, which counts before anything is looked up, whose requests belong together.
"""

import uuid
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils.crypto import salted_hmac
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import (
    ExpiredTokenError,
    TokenBackendError,
    TokenBackendExpiredToken,
    TokenError,
)
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from ava.accounts.errors import TokenExpired, TokenInvalid

SESSION_CLAIM = "sid"
USER_CLAIM = "sub"
REMEMBERED = 4096
"""Access tokens whose signature is not checked again by this process."""
_PSEUDONYM = "ava.accounts.tokens.user"


@dataclass(frozen=True)
class Tokens:
    """A login's tokens. `expires_in` is the access token's life in seconds."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    token_type: str = "bearer"  # noqa: S105 - RFC 6750's word, no secret


@dataclass(frozen=True)
class Claims:
    """Claims of a token that AVA signed. `user` is None in tokens of older releases."""

    session_id: uuid.UUID
    jti: str
    user: str | None


def new_refresh(session_id: uuid.UUID, *, user_id: int) -> RefreshToken:
    refresh = RefreshToken()
    refresh[SESSION_CLAIM] = str(session_id)
    refresh[USER_CLAIM] = pseudonym(user_id, settings.SECRET_KEY)
    return refresh


@lru_cache(maxsize=REMEMBERED)
def pseudonym(user_id: int, secret: str) -> str:
    """Name of a user for the rate limit; another one with another secret."""
    made = salted_hmac(_PSEUDONYM, str(user_id), secret=secret, algorithm="sha256")
    return made.hexdigest()[:32]


def sign(refresh: RefreshToken) -> Tokens:
    access = refresh.access_token
    return Tokens(
        access_token=str(access),
        refresh_token=str(refresh),
        expires_in=int(access.lifetime.total_seconds()),
    )


def read_refresh(raw: str) -> Claims:
    claims, _ = _read(_ReadRefresh, raw)
    return claims


@lru_cache(maxsize=REMEMBERED)
def verified_access(raw: str, previous_key: str | None) -> tuple[Claims, float]:
    """Claims and expiry of an access token whose signature is right. It may have expired since."""
    return _read(_ReadAccess, raw)


class _Backend(TokenBackend):
    """simplejwt's, which also takes what was signed with the key before the present one."""

    def decode(self, token: Any, verify: bool = True) -> dict[str, Any]:
        try:
            return super().decode(token, verify)
        except TokenBackendExpiredToken:
            raise
        except TokenBackendError:
            if not settings.AVA_JWT_KEY_PREVIOUS:
                raise
            previous = TokenBackend(
                self.algorithm, settings.AVA_JWT_KEY_PREVIOUS, issuer=self.issuer
            )
            return previous.decode(token, verify)


_backend = _Backend(api_settings.ALGORITHM, api_settings.SIGNING_KEY, issuer=api_settings.ISSUER)


class _ReadAccess(AccessToken):
    _token_backend = _backend


class _ReadRefresh(RefreshToken):
    _token_backend = _backend


def _read(kind: type[Token], raw: str) -> tuple[Claims, float]:
    try:
        token = kind(raw)  # type: ignore[arg-type]  # simplejwt annotates a Token, takes text
        session_id = uuid.UUID(str(token[SESSION_CLAIM]))
        claims = Claims(session_id, str(token["jti"]), token.get(USER_CLAIM))
        return claims, float(token["exp"])
    except ExpiredTokenError as fault:
        raise TokenExpired from fault
    except (TokenError, KeyError, ValueError) as fault:
        raise TokenInvalid from fault
