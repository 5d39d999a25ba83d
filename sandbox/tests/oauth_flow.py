"""An app's side of OAuth with Google and Microsoft, from the consent page to the tokens."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

from sandbox.tests.client import Client

CALLBACK = "http://127.0.0.1:8000/oauth/callback"
VERIFIER = "verifier-of-at-least-forty-three-characters-0123"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)
API = "https://www.googleapis.com/auth/"
SCOPES = {
    "google": f"openid email {API}calendar.events {API}calendar.freebusy",
    "microsoft": "openid email profile offline_access User.Read Calendars.ReadWrite",
}
AUTHORIZE = {"google": "/o/oauth2/v2/auth", "microsoft": "/common/oauth2/v2.0/authorize"}
TOKEN = {"google": "/token", "microsoft": "/common/oauth2/v2.0/token"}
ME = {"google": "/v1/userinfo", "microsoft": "/v1.0/me"}


class Flow(Client):
    """One provider, as its registered client asks for it."""

    def __init__(self, url: str, provider: str) -> None:
        super().__init__(f"{url}/{provider}")
        self.provider = provider

    def query(self, **changes: str | None) -> dict[str, str]:
        """A right query of the authorization endpoint, with changes; None leaves a field out."""
        query = {
            "client_id": "ava-sandbox",
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": SCOPES[self.provider],
            "state": "state & more",
            "nonce": "n-1",
            "access_type": "offline",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in query.items() if value is not None}

    def page(self, **changes: str | None) -> requests.Response:
        """The consent page, or what comes instead of it."""
        path = AUTHORIZE[self.provider]
        return self.get(path, params=self.query(**changes), allow_redirects=False)

    def decide(self, form: Any, **changes: str | None) -> requests.Response:
        """Send the consent page's form to the address that it came from."""
        path, query = AUTHORIZE[self.provider], self.query(**changes)
        return self.call("POST", path, params=query, data=form, allow_redirects=False)

    def code(self, form: Any = None, **changes: str | None) -> str:
        """A code that a person allowed."""
        return callback(self.decide(form or {"decision": "allow"}, **changes))["code"]

    def token(self, **changes: str | None) -> requests.Response:
        """Ask the token endpoint, as the registered client."""
        form = {"client_id": "ava-sandbox", "client_secret": "ava-sandbox-secret", **changes}
        form = {name: value for name, value in form.items() if value is not None}
        return self.call("POST", TOKEN[self.provider], data=form)

    def redeem(self, code: str, **changes: str | None) -> requests.Response:
        """Change a code for tokens."""
        fields: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }
        return self.token(**(fields | changes))

    def refresh(self, token: str, **changes: str | None) -> requests.Response:
        """Ask for a new access token."""
        return self.token(**({"grant_type": "refresh_token", "refresh_token": token} | changes))

    def connect(self, form: Any = None, **changes: str | None) -> dict[str, Any]:
        """The whole way. Returns: the tokens."""
        answer = self.redeem(self.code(form, **changes))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def me(self, access_token: str) -> requests.Response:
        """Whose account a token is for."""
        return self.get(ME[self.provider], headers={"Authorization": f"Bearer {access_token}"})


def callback(answer: requests.Response) -> dict[str, str]:
    """What a redirect carries back to the app."""
    assert answer.status_code == 302, answer.text
    location = answer.headers["Location"]
    assert location.startswith(CALLBACK + "?"), location
    return dict(parse_qsl(urlsplit(location).query))


def refusal(answer: requests.Response) -> tuple[int, str]:
    """Status and error of a token endpoint that refuses."""
    return answer.status_code, answer.json()["error"]
