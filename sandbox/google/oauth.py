"""Google's way of OAuth 2.0.

https://developers.google.com/identity/protocols/oauth2/web-server. Refresh tokens do not rotate;
one is given out at the first consent and with `prompt=consent`. E-mail and profile are granted
under their long names, and a person may untick every scope but those of sign-in.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.data import read_json
from sandbox.oauth import CLIENT_ID
from sandbox.oauth.dialect import Problem, RefusedError, read_errors
from sandbox.oauth.grants import Account, Grant
from sandbox.wire import Answer, json_answer

ISSUER = "https://accounts.google.com"
API = "https://www.googleapis.com/auth/"
SIGN_IN = {
    "openid": "openid",
    "email": API + "userinfo.email",
    "profile": API + "userinfo.profile",
    API + "userinfo.email": API + "userinfo.email",
    API + "userinfo.profile": API + "userinfo.profile",
}
CALENDAR_SCOPES = {API + name for name in read_json("sandbox.google", "scopes.json")}

ACCOUNTS: tuple[Account, ...] = (
    Account("104712058663211770011", "ada@example.com", "Ada Lovelace"),
    Account("104712058663211770022", "grace@example.com", "Grace Hopper"),
)

# What Google answers: status, error, description.
_ERRORS: dict[Problem, tuple[int, str, str]] = read_errors("sandbox.google")


class GoogleDialect:
    """Google's part of `sandbox.oauth.dialect.Dialect`."""

    title = "Google"
    accounts = ACCOUNTS
    code_prefix = "4/0A"
    access_prefix = "ya29.a0"
    refresh_prefix = "1//0"
    rotates = False

    def requested_scopes(self, text: str) -> tuple[str, ...]:
        """Scopes of a request. Raises: RefusedError for one that Google does not know."""
        scopes = tuple(dict.fromkeys(text.split()))
        wrong = [one for one in scopes if one not in SIGN_IN and one not in CALENDAR_SCOPES]
        if wrong:
            raise RefusedError(Problem.UNKNOWN_SCOPE, scope=", ".join(wrong))
        return scopes

    def optional(self, scope: str) -> bool:
        """Whether it may be unticked: all but sign-in."""
        return scope not in SIGN_IN

    def granted(self, scopes: tuple[str, ...]) -> tuple[str, ...]:
        """Scopes under the names by which Google grants them."""
        return tuple(dict.fromkeys(SIGN_IN.get(scope, scope) for scope in scopes))

    def offline(self, query: Mapping[str, str], *, consented: bool) -> bool:
        """A refresh token is for `access_type=offline`, and for a consent that was shown."""
        shown = "consent" in query.get("prompt", "").split()
        return query.get("access_type") == "offline" and (shown or not consented)

    def redirect_extras(self, grant: Grant) -> dict[str, str]:
        """The scopes that were granted, as chosen on the page."""
        return {"scope": " ".join(self.granted(grant.scopes)), "authuser": "0", "prompt": "consent"}

    def claims(self, grant: Grant) -> dict[str, Any]:
        """Claims of an ID token."""
        claims = {"iss": ISSUER, "azp": CLIENT_ID, "sub": grant.account.id}
        return {**claims, **_person(grant.account, self.granted(grant.scopes))}

    def redirects(self, error: RefusedError) -> Mapping[str, str] | None:
        """Only a denial goes back to the app; for all else Google shows a page."""
        if error.problem not in (Problem.DENIED, Problem.NO_PAGE):
            return None
        return {"error": _ERRORS[error.problem][1]}

    def error_text(self, error: RefusedError) -> str:
        """Such as `Error 400: redirect_uri_mismatch. ...`."""
        status, name, description = _ERRORS[error.problem]
        return f"Error {status}: {name}. {description.format_map(error.names)}"

    def token_error(self, error: RefusedError) -> Answer:
        """The answer of the token endpoint."""
        status, name, description = _ERRORS[error.problem]
        described = description.format_map(error.names)
        return json_answer(status, {"error": name, "error_description": described})

    def token_extras(self) -> dict[str, Any]:
        """Nothing."""
        return {}


def user_info(grant: Grant, scopes: tuple[str, ...]) -> dict[str, Any]:
    """The answer of the user info endpoint: what the granted scopes allow."""
    return {"sub": grant.account.id, **_person(grant.account, GoogleDialect().granted(scopes))}


def _person(account: Account, scopes: tuple[str, ...]) -> dict[str, Any]:
    first, _, last = account.name.partition(" ")
    person: dict[str, Any] = {}
    if API + "userinfo.email" in scopes:
        person |= {"email": account.email, "email_verified": True}
    if API + "userinfo.profile" in scopes:
        person |= {"name": account.name, "given_name": first, "family_name": last}
    return person
