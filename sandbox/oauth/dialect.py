"""Differences between the providers' OAuth servers, and the problems that both know."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any, Protocol

from sandbox.data import read_json
from sandbox.oauth.grants import Account, Grant
from sandbox.wire import Answer

TOKEN_ERRORS = ("invalid_grant", "invalid_client")
"""Names of errors of a token endpoint, for faults (RFC 6749, 5.2)."""


class Problem(Enum):
    """A reason why a request for authorization or for a token is refused."""

    MISSING_PARAMETER = auto()
    UNKNOWN_CLIENT = auto()
    MISSING_SECRET = auto()
    WRONG_SECRET = auto()
    EXPIRED_SECRET = auto()
    UNREGISTERED_REDIRECT = auto()
    OTHER_REDIRECT = auto()
    UNKNOWN_SCOPE = auto()
    RESPONSE_TYPE = auto()
    CHALLENGE_METHOD = auto()
    GRANT_TYPE = auto()
    UNKNOWN_CODE = auto()
    USED_CODE = auto()
    EXPIRED_CODE = auto()
    MISSING_VERIFIER = auto()
    WRONG_VERIFIER = auto()
    UNKNOWN_TOKEN = auto()
    EXPIRED_TOKEN = auto()
    REVOKED_TOKEN = auto()
    DENIED = auto()
    NO_PAGE = auto()


def read_errors(package: str) -> dict[Problem, Any]:
    """A provider's table of errors, from its `oauth_errors.json`."""
    return {Problem[name]: row for name, row in read_json(package, "oauth_errors.json").items()}


class RefusedError(Exception):
    """A refused request; `names` fill the provider's sentence about it."""

    def __init__(self, problem: Problem, **names: str) -> None:
        super().__init__(problem, names)
        self.problem = problem
        self.names = names


class Dialect(Protocol):
    """One provider's way."""

    title: str
    accounts: tuple[Account, ...]
    code_prefix: str
    access_prefix: str
    refresh_prefix: str
    rotates: bool

    def requested_scopes(self, text: str) -> tuple[str, ...]:
        """Scopes of a request. Raises: RefusedError for one that the provider does not know."""
        ...

    def optional(self, scope: str) -> bool:
        """Whether a person may untick it on the consent page."""
        ...

    def granted(self, scopes: tuple[str, ...]) -> tuple[str, ...]:
        """Scopes as the token's answer names them."""
        ...

    def offline(self, query: Mapping[str, str], *, consented: bool) -> bool:
        """Whether a refresh token is given out. `consented`: the same was allowed before."""
        ...

    def redirect_extras(self, grant: Grant) -> dict[str, str]:
        """Parameters of the redirect beside code and state."""
        ...

    def claims(self, grant: Grant) -> dict[str, Any]:
        """Claims of the ID token that are the provider's own."""
        ...

    def redirects(self, error: RefusedError) -> Mapping[str, str] | None:
        """Fields that go back to the app; None where the provider shows a page instead."""
        ...

    def error_text(self, error: RefusedError) -> str:
        """The sentence on the provider's error page."""
        ...

    def token_error(self, error: RefusedError) -> Answer:
        """The answer of the token endpoint."""
        ...

    def token_extras(self) -> dict[str, Any]:
        """Fields of the token's answer beside the standard ones."""
        ...
