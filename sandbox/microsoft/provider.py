"""Microsoft's routes: the identity platform, and Graph's /me, which are on two hosts in reality."""

import re
from typing import Any

from sandbox.calendars.store import EventEffects
from sandbox.microsoft.calendars import Calendars, need
from sandbox.microsoft.errors import RefusedError, error
from sandbox.microsoft.oauth import TENANTS, MicrosoftDialect, aadsts
from sandbox.oauth.dialect import TOKEN_ERRORS
from sandbox.oauth.grants import Account, Token
from sandbox.oauth.id_token import jwks
from sandbox.oauth.server import OAuthServer
from sandbox.wire import Answer, Request, json_answer, phrase

_LOGIN = re.compile(
    r"/(?P<tenant>[^/]+)/(?P<what>oauth2/v2\.0/(?:authorize|token)|discovery/v2\.0/keys)"
)


class Microsoft:
    """Microsoft, for one OAuth client and the accounts of `sandbox.microsoft.oauth`."""

    def __init__(self, effects: EventEffects) -> None:
        self.oauth = OAuthServer(MicrosoftDialect())
        self._calendars = Calendars(effects)

    def reset(self) -> None:
        """No grants, the seeded events."""
        self.oauth.reset()
        self._calendars.reset()

    def answer(self, request: Request) -> Answer:
        """Do what the request asks."""
        if login := _LOGIN.fullmatch(request.path):
            return self._login(request, login["tenant"], login["what"].rpartition("/")[2])
        try:
            return self._graph(request)
        except RefusedError as refused:
            return refused.answer

    def failure(self, status: int, name: str = "") -> Answer:
        """Graph's error body for a status, or for the name of an error."""
        if name in TOKEN_ERRORS:
            return json_answer(status, {"error": name, "error_description": phrase(status)})
        return error(status, name, phrase(status))

    def _login(self, request: Request, tenant: str, what: str) -> Answer:
        if tenant.lower() not in TENANTS:
            text = f"AADSTS90002: Tenant '{tenant}' not found. Check to make sure you have the "
            return aadsts(400, "invalid_request", 90002, f"{text}correct tenant ID.")
        match request.method, what:
            case (("GET" | "HEAD" | "POST"), "authorize"):
                return self.oauth.authorize(request)
            case "POST", "token":
                return self.oauth.token(request)
            case (("GET" | "HEAD"), "keys"):
                return json_answer(200, jwks())
        return error(405)

    def _graph(self, request: Request) -> Answer:
        token = self._token(request)
        method = "GET" if request.method == "HEAD" else request.method
        match method, request.path:
            case "GET", "/v1.0/me":
                need(token, ("User.Read",))
                return json_answer(200, _user(token.grant.account))
            case "GET", "/oidc/userinfo":
                need(token, ("openid",))
                account = token.grant.account
                shown = {"sub": account.id[::-1], "name": account.name, "email": account.email}
                return json_answer(200, shown)
            case "POST", "/v1.0/me/revokeSignInSessions":
                need(token, ("User.RevokeSessions.All",))
                self.oauth.grants.revoke_account(token.grant.account)
                context = "https://graph.microsoft.com/v1.0/$metadata#Edm.Boolean"
                return json_answer(200, {"@odata.context": context, "value": True})
        if request.path.startswith("/v1.0/me/"):
            answer = self._calendars.answer(request, token)
            if answer:
                return answer
        raise RefusedError(404, "ResourceNotFound", "Resource could not be discovered.")

    def _token(self, request: Request) -> Token:
        """The access token that a request carries. Raises: RefusedError."""
        text = request.credentials("bearer")
        token = self.oauth.grants.access(text)
        code = "InvalidAuthenticationToken"
        if not text:
            raise RefusedError(401, code, "Access token is empty.")
        if token is None:
            raise RefusedError(401, code, "CompactToken parsing failed with error code: 80049217")
        if token.expired or token.grant.revoked:
            raise RefusedError(401, code, "Lifetime validation failed, the token is expired.")
        return token


def _user(account: Account) -> dict[str, Any]:
    first, _, last = account.name.partition(" ")
    return {
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users/$entity",
        "businessPhones": [],
        "displayName": account.name,
        "givenName": first,
        "jobTitle": None,
        "mail": account.email,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": "en-US",
        "surname": last,
        "userPrincipalName": account.email,
        "id": account.id,
    }
