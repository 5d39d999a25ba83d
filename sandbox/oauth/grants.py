"""Grants: what people have allowed an app, and the codes and tokens given out for it."""

import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from sandbox.clock import utc_now

CODE_LIVES = timedelta(minutes=10)
TOKEN_LIVES = timedelta(seconds=3599)

Held = TypeVar("Held")


@dataclass(frozen=True)
class Account:
    """A person's account at the provider."""

    id: str
    email: str
    name: str


@dataclass(eq=False)
class Grant:
    """One consent. `rotating`: a refresh token of it is good for one refresh."""

    account: Account
    scopes: tuple[str, ...]
    nonce: str = ""
    revoked: bool = False
    rotating: bool = False


@dataclass(eq=False)
class Code:
    """An authorization code, and what the token request has to match."""

    grant: Grant
    redirect_uri: str
    challenge: str
    method: str
    offline: bool
    expires: datetime = field(default_factory=lambda: utc_now() + CODE_LIVES)
    used: bool = False


@dataclass(eq=False)
class Token:
    """An access token or a refresh token; a refresh token expires only by order."""

    grant: Grant
    scopes: tuple[str, ...]
    expires: datetime | None = None

    @property
    def expired(self) -> bool:
        """Whether its time is over."""
        return self.expires is not None and self.expires <= utc_now()


class Grants:
    """Codes and tokens of one provider, by their text."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._codes: dict[str, Code] = {}
            self._access: dict[str, Token] = {}
            self._refresh: dict[str, Token] = {}

    def has_consent(self, account: Account, scopes: tuple[str, ...]) -> bool:
        """Whether the account has allowed all of these already."""
        with self._lock:
            allowed = {
                scope
                for token in self._refresh.values()
                if token.grant.account == account and not token.grant.revoked
                for scope in token.grant.scopes
            }
        return allowed >= set(scopes) and bool(allowed)

    def add_code(self, prefix: str, code: Code) -> str:
        """Give out an authorization code."""
        return self._add(self._codes, prefix, code)

    def redeem(self, text: str) -> Code | None:
        """The code of this text, marked as used. `used` tells whether it was before."""
        with self._lock:
            found = self._codes.get(text)
            if found is None:
                return None
            before = Code(**vars(found))
            found.used = True
            return before

    def add_access(
        self, prefix: str, grant: Grant, scopes: tuple[str, ...], lives: timedelta = TOKEN_LIVES
    ) -> str:
        """Give out an access token."""
        return self._add(self._access, prefix, Token(grant, scopes, utc_now() + lives))

    def add_refresh(self, prefix: str, grant: Grant, scopes: tuple[str, ...]) -> str:
        """Give out a refresh token."""
        return self._add(self._refresh, prefix, Token(grant, scopes))

    def access(self, text: str) -> Token | None:
        """The access token of this text."""
        with self._lock:
            return self._access.get(text)

    def use_refresh(self, text: str) -> Token | None:
        """The refresh token of this text; gone afterwards where its grant rotates."""
        with self._lock:
            found = self._refresh.get(text)
            if found and found.grant.rotating:
                del self._refresh[text]
            return found

    def revoke(self, text: str) -> bool:
        """Revoke the grant of a token of either kind. Returns: whether there was one."""
        with self._lock:
            found = self._access.get(text) or self._refresh.get(text)
            if found is None or found.grant.revoked:
                return False
            found.grant.revoked = True
            return True

    def revoke_account(self, account: Account | None = None) -> None:
        """Revoke every grant of one account, or of all."""
        for grant in self._grants():
            if account is None or grant.account == account:
                grant.revoked = True

    def expire(self, *, refresh: bool = False) -> None:
        """End the time of all codes and access tokens; of refresh tokens as well if so ordered."""
        now = utc_now()
        with self._lock:
            for code in self._codes.values():
                code.expires = now
            for token in (*self._access.values(), *(self._refresh.values() if refresh else ())):
                token.expires = now

    def rotate(self) -> None:
        """End all access tokens, and let each refresh token serve for one refresh only."""
        self.expire()
        for grant in self._grants():
            grant.rotating = True

    def _grants(self) -> list[Grant]:
        with self._lock:
            tokens = (*self._access.values(), *self._refresh.values())
            codes = self._codes.values()
            return [code.grant for code in codes] + [token.grant for token in tokens]

    def _add(self, held: dict[str, Held], prefix: str, one: Held) -> str:
        text = prefix + secrets.token_urlsafe(32)
        with self._lock:
            held[text] = one
        return text
