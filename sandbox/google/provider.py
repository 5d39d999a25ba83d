"""Google's routes: OAuth, OpenID Connect and Calendar, which are on four hosts in reality."""

from sandbox.calendars.store import EventEffects
from sandbox.google.calendars import BASE, Calendars
from sandbox.google.errors import RefusedError, error
from sandbox.google.oauth import GoogleDialect, user_info
from sandbox.oauth.dialect import TOKEN_ERRORS
from sandbox.oauth.grants import Token
from sandbox.oauth.id_token import jwks
from sandbox.oauth.server import OAuthServer
from sandbox.wire import Answer, Request, json_answer, phrase

_USER_INFO = ("/v1/userinfo", "/oauth2/v2/userinfo", "/oauth2/v3/userinfo")


class Google:
    """Google, for one OAuth client and the accounts of `sandbox.google.oauth`."""

    def __init__(self, effects: EventEffects) -> None:
        self.oauth = OAuthServer(GoogleDialect())
        self._calendars = Calendars(effects)

    def reset(self) -> None:
        """No grants, the seeded events."""
        self.oauth.reset()
        self._calendars.reset()

    def answer(self, request: Request) -> Answer:
        """Do what the request asks."""
        method = "GET" if request.method == "HEAD" else request.method
        try:
            match method, request.path:
                case (("GET" | "POST"), "/o/oauth2/v2/auth"):
                    return self.oauth.authorize(request)
                case "POST", "/token":
                    return self.oauth.token(request)
                case "POST", "/revoke":
                    return self._revoke(request)
                case "GET", "/oauth2/v3/certs":
                    return json_answer(200, jwks())
                case (("GET" | "POST"), path) if path in _USER_INFO:
                    token = self._token(request)
                    return json_answer(200, user_info(token.grant, token.scopes))
                case _, path if path.startswith(BASE):
                    return self._calendars.answer(request, self._token(request))
        except RefusedError as refused:
            return refused.answer
        return error(404)

    def failure(self, status: int, name: str = "") -> Answer:
        """Google's error body for a status, or for the name of an error."""
        if name in TOKEN_ERRORS:
            return json_answer(status, {"error": name, "error_description": phrase(status)})
        return error(status, name, phrase(status))

    def _revoke(self, request: Request) -> Answer:
        """https://developers.google.com/identity/protocols/oauth2/web-server#tokenrevoke"""
        if self.oauth.grants.revoke(request.parameter("token")):
            return json_answer(200, {})
        body = {"error": "invalid_token", "error_description": "Token expired or revoked"}
        return json_answer(400, body)

    def _token(self, request: Request) -> Token:
        """The access token that a request carries. Raises: RefusedError."""
        token = self.oauth.grants.access(request.credentials("bearer"))
        if token is None or token.expired or token.grant.revoked:
            place = ("header", "Authorization")
            raise RefusedError(401, "authError", "Invalid Credentials", location=place)
        return token
