"""Personal API tokens: `ava_`, 30 random characters, and a checksum, by which scanners know them.

The checksum is GitHub's: CRC-32 of the random characters in base 62
(https://github.blog/engineering/behind-githubs-new-authentication-token-formats/).
"""

import hashlib
import secrets
import string
import zlib
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from ava.accounts.errors import (
    ApiTokenExpired,
    ApiTokenInvalid,
    ApiTokenNotFound,
    LoginNotFresh,
    TooManyTokens,
)
from ava.accounts.models import ApiToken, Revocable
from ava.http import correlation

PREFIX: Final = "ava_"
MOST: Final = 50
"""Tokens of a user that are not revoked."""
FRESH: Final = timedelta(minutes=15)
"""Age of a login with which tokens are made: a stolen access token alone is not enough for long."""
USED_EVERY: Final = timedelta(minutes=1)
"""Pause between two writes of `last_used_at`."""

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM, _CHECKSUM = 30, 6

log = structlog.get_logger("ava.accounts")


def create(
    *,
    user: User,
    proven_at: datetime,
    name: str,
    scope: str,
    network: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """A new token of the user: its row, and the token itself.

    Args:
        proven_at: when the user last gave the password.
        network: the client's, from `ava.http.clients.network`.

    Raises: LoginNotFresh, TooManyTokens.
    """
    if now - proven_at > FRESH:
        raise LoginNotFresh
    random = "".join(secrets.choice(_DIGITS) for _ in range(_RANDOM))
    token = f"{PREFIX}{random}{_checksum(random)}"
    with transaction.atomic():
        # Of several requests at once the later ones count the earlier ones' tokens.
        User.objects.select_for_update().get(pk=user.pk)
        if tokens_of(user).count() >= MOST:
            raise TooManyTokens
        row = ApiToken.objects.create(
            user=user,
            name=name,
            scope=scope,
            digest=_digest(token),
            last_four=token[-4:],
            created_at=now,
            expires_at=expires_at,
            network=network,
            correlation_id=correlation.current(),
        )
    log.info("API token made", row=str(row.pk), user=user.pk, scope=scope)
    return row, token


def tokens_of(user: User) -> Revocable:
    """The user's tokens that are not revoked, the newest first."""
    return ApiToken.objects.filter(user=user).living().order_by("-created_at", "pk")


def token_of(user: User, token_id: UUID) -> ApiToken:
    """One of them. Raises: ApiTokenNotFound."""
    found: ApiToken | None = tokens_of(user).filter(pk=token_id).first()
    if found is None:
        raise ApiTokenNotFound
    return found


def revoke_one(*, user: User, token_id: UUID) -> None:
    """Revoke a token of the user's. Raises: ApiTokenNotFound."""
    if not tokens_of(user).filter(pk=token_id).revoke(ApiToken.End.USER):
        raise ApiTokenNotFound
    log.info("API token revoked", row=str(token_id), user=user.pk)


def live_token(digest: str) -> ApiToken:
    """The token with its user, if it is neither revoked nor of somebody who is deactivated.
    Raises: ApiTokenInvalid."""
    rows = ApiToken.objects.select_related("user")
    found: ApiToken | None = rows.filter(digest=digest).first()
    if found is None or found.revoked_at is not None or not found.user.is_active:
        raise ApiTokenInvalid
    return found


def is_noted(token: ApiToken, *, now: datetime) -> bool:
    """Whether `use` has nothing to write."""
    return token.last_used_at is not None and now - token.last_used_at < USED_EVERY


def has_ended(token: ApiToken, *, now: datetime) -> bool:
    return token.expires_at is not None and token.expires_at <= now


def use(token: ApiToken, *, now: datetime) -> None:
    """Check its end, and note that it is used. Raises: ApiTokenExpired."""
    if has_ended(token, now=now):
        raise ApiTokenExpired
    if not is_noted(token, now=now):
        token.last_used_at = now
        unseen = Q(last_used_at=None) | Q(last_used_at__lte=now - USED_EVERY)
        ApiToken.objects.filter(unseen, pk=token.pk).order_by().update(last_used_at=now)


def read_digest(raw: str) -> str:
    """Digest of a token, as it is stored. Raises: ApiTokenInvalid, for one that is not whole."""
    random, checksum = raw[len(PREFIX) : -_CHECKSUM], raw[-_CHECKSUM:]
    if len(random) != _RANDOM or not raw.isascii() or checksum != _checksum(random):
        raise ApiTokenInvalid
    return _digest(raw)


def ended(before: datetime) -> Revocable:
    """Tokens that were revoked, or came to their end, before that moment."""
    return ApiToken.objects.filter(Q(revoked_at__lt=before) | Q(expires_at__lt=before))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _checksum(random: str) -> str:
    number, digits = zlib.crc32(random.encode()), ""
    for _ in range(_CHECKSUM):
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits
