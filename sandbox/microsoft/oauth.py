"""Microsoft's way of OAuth 2.0, version 2.0 of its endpoints.

https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow. A refresh token
is for `offline_access`, and every refresh gives out a new one; the old one stays good, as
Microsoft documents, unless tokens are ordered to rotate. Nothing can be unticked.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from sandbox.clock import utc_now
from sandbox.oauth.dialect import Problem, RefusedError, read_errors
from sandbox.oauth.grants import Account, Grant
from sandbox.wire import Answer, json_answer

TENANT_ID = "7f0d3a52-6c1e-4b8f-9a27-51d0c8e4b933"
TENANT_DOMAIN = "brightside.onmicrosoft.com"
TENANTS = ("common", "organizations", "consumers", TENANT_ID, TENANT_DOMAIN)
GRAPH = "https://graph.microsoft.com/"
SIGN_IN = ("openid", "email", "profile", "offline_access")
SCOPES = {
    one.lower(): one
    for one in (
        *SIGN_IN,
        "User.Read",
        "Calendars.ReadBasic",
        "Calendars.Read",
        "Calendars.Read.Shared",
        "Calendars.ReadWrite",
        "Calendars.ReadWrite.Shared",
        "MailboxSettings.Read",
        "User.RevokeSessions.All",
    )
}

ACCOUNTS: tuple[Account, ...] = (
    Account("2b9f6f0a-5a63-4f5c-8f27-0d9b7f3c1a01", "ada@brightside.example", "Ada Lovelace"),
    Account("2b9f6f0a-5a63-4f5c-8f27-0d9b7f3c1a02", "grace@brightside.example", "Grace Hopper"),
)

# What Microsoft answers: status, error, number of AADSTS, description.
# https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes
_ERRORS: dict[Problem, tuple[int, str, int, str]] = read_errors("sandbox.microsoft")


class MicrosoftDialect:
    """Microsoft's part of `sandbox.oauth.dialect.Dialect`."""

    title = "Microsoft"
    accounts = ACCOUNTS
    code_prefix = "1.AX0A"
    access_prefix = "EwB4A8l6"
    refresh_prefix = "1.AX0AUjoN"
    rotates = True

    def requested_scopes(self, text: str) -> tuple[str, ...]:
        """Scopes of a request, in Graph's spelling. Raises: RefusedError for an unknown one."""
        scopes = []
        for one in text.split():
            known = SCOPES.get(one.removeprefix(GRAPH).lower())
            if known is None:
                raise RefusedError(Problem.UNKNOWN_SCOPE, scope=one)
            scopes.append(known)
        return tuple(dict.fromkeys(scopes))

    def optional(self, scope: str) -> bool:
        """Whether it may be unticked: never."""
        return False

    def granted(self, scopes: tuple[str, ...]) -> tuple[str, ...]:
        """Scopes as the answer names them: `offline_access` shows in the refresh token only."""
        return tuple(scope for scope in scopes if scope != "offline_access")

    def offline(self, query: Mapping[str, str], *, consented: bool) -> bool:
        """A refresh token is for `offline_access`."""
        return "offline_access" in query.get("scope", "").lower().split()

    def redirect_extras(self, grant: Grant) -> dict[str, str]:
        """An ID of the session."""
        return {"session_state": str(uuid.uuid4())}

    def claims(self, grant: Grant) -> dict[str, Any]:
        """Claims of an ID token."""
        account = grant.account
        claims = {
            "iss": f"https://login.microsoftonline.com/{TENANT_ID}/v2.0",
            "tid": TENANT_ID,
            "oid": account.id,
            "sub": account.id[::-1],
            "ver": "2.0",
        }
        if "profile" in grant.scopes:
            claims |= {"name": account.name, "preferred_username": account.email}
        if "email" in grant.scopes:
            claims["email"] = account.email
        return claims

    def redirects(self, error: RefusedError) -> Mapping[str, str] | None:
        """All goes back to the app, once app and address are known."""
        return {"error": _ERRORS[error.problem][1], "error_description": self.error_text(error)}

    def error_text(self, error: RefusedError) -> str:
        """Such as `AADSTS50011: The redirect URI ...`."""
        _, _, number, description = _ERRORS[error.problem]
        return f"AADSTS{number}: {description.format_map(error.names)}"

    def token_error(self, error: RefusedError) -> Answer:
        """The answer of the token endpoint."""
        status, name, number, _ = _ERRORS[error.problem]
        return aadsts(status, name, number, self.error_text(error))

    def token_extras(self) -> dict[str, Any]:
        """A second lifetime, for outages of the token endpoint."""
        return {"ext_expires_in": 3599}


def aadsts(status: int, name: str, number: int, text: str) -> Answer:
    """The body of an error of the token endpoint."""
    trace, correlation, now = (
        str(uuid.uuid4()),
        str(uuid.uuid4()),
        f"{utc_now():%Y-%m-%d %H:%M:%SZ}",
    )
    body = {
        "error": name,
        "error_description": (
            f"{text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {now}"
        ),
        "error_codes": [number],
        "timestamp": now,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://login.microsoftonline.com/error?code={number}",
    }
    return json_answer(status, body)
