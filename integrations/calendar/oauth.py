"""OAuth 2.0 at Google and Microsoft: where to sign in, and tokens for codes. Authlib makes and
reads the requests, which go through the provider's door.

https://developers.google.com/identity/protocols/oauth2/web-server,
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
import structlog
from django.conf import settings

from ava.upstream import ProviderUnreachable, Service, door
from ava.upstream.adapter import DoorAdapter
from integrations.calendar.account import account_of
from integrations.calendar.errors import (
    AuthorizationRefused,
    OAuthAppMissing,
    OAuthAppRefused,
    ReconnectRequired,
)
from integrations.calendar.providers import GOOGLE, MICROSOFT, SERVICES

log = structlog.get_logger("integrations.calendar")

ACCESS_ENDED = "it no longer accepts AVA's access."
# https://learn.microsoft.com/entra/identity-platform/reference-error-codes
_SECRET_EXPIRED = "AADSTS7000222"  # noqa: S105 - the name of an error
_CODE = re.compile(r"AADSTS[0-9]+")
# Answers that only a new sign-in helps with, and those that say that AVA's own app is not right.
_USER_MUST_SIGN_IN = (
    "invalid_grant",
    "interaction_required",
    "login_required",
    "consent_required",
)
_APP_IS_WRONG = (
    "invalid_client",
    "unauthorized_client",
    "invalid_request",
    "invalid_scope",
    "redirect_uri_mismatch",
    "deleted_client",
)
_GOOGLES_TOKENS = "https://oauth2.googleapis.com"
_LONGEST = 24 * 3600  # seconds that a token is believed to live
_UNSAID = 3600


@dataclass(frozen=True)
class App:
    """AVA's app at a provider, and the addresses it deals with."""

    service: Service
    client_id: str
    client_secret: str = field(repr=False)
    authorize_url: str
    token_url: str
    asked: tuple[str, ...]  # scopes
    # Scopes that AVA cannot do without, and what for.
    needed: Mapping[str, str]
    extra: Mapping[str, str]  # parameters of the sign-in


@dataclass(frozen=True)
class Grant:
    """Tokens, and what they are for. A refresh token that is None: the one there is goes on."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    seconds: int
    scopes: tuple[str, ...]
    account: str


def app(provider: str) -> App:
    """The operator's app. Raises: OAuthAppMissing."""
    client_id, client_secret = settings.OAUTH_APPS[provider]
    if not client_id or not client_secret:
        raise OAuthAppMissing(SERVICES[provider])
    make = _google if provider == GOOGLE.label else _microsoft
    return make(client_id, client_secret)


def _google(client_id: str, client_secret: str) -> App:
    scope = "https://www.googleapis.com/auth/calendar"
    needed = {
        f"{scope}.events": "see and change your events",
        f"{scope}.freebusy": "see when you are busy",
    }
    return App(
        service=GOOGLE,
        client_id=client_id,
        client_secret=client_secret,
        authorize_url=f"{_google_at('https://accounts.google.com')}/o/oauth2/v2/auth",
        token_url=f"{_google_at(_GOOGLES_TOKENS)}/token",
        asked=("openid", "email", *needed),
        needed=needed,
        # Without both there is a refresh token with the first consent only.
        extra={"access_type": "offline", "prompt": "consent"},
    )


def _microsoft(client_id: str, client_secret: str) -> App:
    base, real = settings.MICROSOFT_BASE_URL, "https://graph.microsoft.com"
    sign_in = "https://login.microsoftonline.com" if base == real else base
    place = f"{sign_in}/{settings.MICROSOFT_TENANT}/oauth2/v2.0"
    needed = {"Calendars.ReadWrite": "see and change your events"}
    return App(
        service=MICROSOFT,
        client_id=client_id,
        client_secret=client_secret,
        authorize_url=f"{place}/authorize",
        token_url=f"{place}/token",
        asked=("openid", "email", "profile", "offline_access", *needed),
        needed=needed,
        extra={"prompt": "select_account", "response_mode": "query"},
    )


def _google_at(host: str) -> str:
    """One of Google's hosts; a base URL of its own stands for them all."""
    base: str = settings.GOOGLE_BASE_URL
    return host if base == "https://www.googleapis.com" else base


def sign_in_url(app: App, *, redirect_uri: str, state: str, verifier: str) -> str:
    """Address at which the user consents: authorization code with PKCE S256 (RFC 7636)."""
    session = _session(
        app,
        redirect_uri=redirect_uri,
        scope=" ".join(app.asked),
        code_challenge_method="S256",
    )
    url: str = session.create_authorization_url(
        app.authorize_url, state=state, code_verifier=verifier, **app.extra
    )[0]
    return url


def redeem(app: App, *, code: str, redirect_uri: str, verifier: str) -> Grant:
    """The tokens for a code. Raises: AuthorizationRefused, and as `_granted` does."""
    session = _session(app, redirect_uri=redirect_uri)
    try:
        return _granted(
            app,
            lambda: session.fetch_token(
                app.token_url, grant_type="authorization_code", code=code, code_verifier=verifier
            ),
        )
    except ReconnectRequired:
        raise AuthorizationRefused(
            f"{app.service.name} does not accept this sign-in: it has expired or was used before."
        ) from None


def refresh(app: App, refresh_token: str) -> Grant:
    """New tokens. Raises: ReconnectRequired where the user must sign in again, and as `_granted`
    does."""
    session = _session(app)
    return _granted(app, lambda: session.refresh_token(app.token_url, refresh_token=refresh_token))


def revoke(provider: str, token: str) -> None:
    """End the access at Google; at Microsoft an app cannot. Raises: ProviderProblem."""
    if provider == GOOGLE.label:
        # A token that is not known any more (400) has ended, too.
        base = _google_at(_GOOGLES_TOKENS)
        door(provider).send("POST", "/revoke", base_url=base, data={"token": token})


def _session(app: App, **options: Any) -> Any:
    # 12 MiB that most processes never need.
    from authlib.integrations.requests_client import OAuth2Session

    session = OAuth2Session(
        app.client_id,
        app.client_secret,
        token_endpoint_auth_method="client_secret_post",  # noqa: S106 - the name of a method
        **options,
    )
    for scheme in ("http://", "https://"):
        session.mount(scheme, DoorAdapter(app.service.label))
    return session


def _granted(app: App, ask: Callable[[], Mapping[str, Any]]) -> Grant:
    """Raises: ReconnectRequired, OAuthAppRefused, ProviderProblem."""
    from authlib.integrations.base_client import OAuthError

    try:
        token = ask()
    except OAuthError as refused:
        # Without a cause: what the provider wrote may name the account.
        raise _problem(app.service, str(refused.error), str(refused.description)) from None
    except (requests.RequestException, ValueError):  # no JSON
        raise ProviderUnreachable(app.service) from None
    access, renewed = token.get("access_token"), token.get("refresh_token")
    if not isinstance(access, str) or not access:
        raise ProviderUnreachable(app.service)
    said = token.get("scope")
    return Grant(
        access_token=access,
        refresh_token=renewed if isinstance(renewed, str) and renewed else None,
        seconds=_seconds(token.get("expires_in")),
        # Unsaid they are those that were asked for (RFC 6749, 5.1).
        scopes=tuple(said.split()) if isinstance(said, str) else app.asked,
        account=account_of(token.get("id_token")),
    )


def _seconds(said: Any) -> int:
    try:
        return min(max(int(said), 0), _LONGEST)
    except (TypeError, ValueError, OverflowError):
        return _UNSAID


def _problem(service: Service, error: str, description: str) -> Exception:
    found = _CODE.match(description)
    code = found[0] if found else None
    known = error in (*_USER_MUST_SIGN_IN, *_APP_IS_WRONG)
    log.warning(
        "token refused",
        service=service.label,
        error=error if known else "another",
        error_code=code,
    )
    if error in _USER_MUST_SIGN_IN:
        return ReconnectRequired(service, ACCESS_ENDED)
    if error in _APP_IS_WRONG:
        return OAuthAppRefused(service, expired=code == _SECRET_EXPIRED)
    return ProviderUnreachable(service)
