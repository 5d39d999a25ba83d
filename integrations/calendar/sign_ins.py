"""Sign-ins as pages of the console offer them: what the provider will ask, and where forms lead."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse

from integrations.calendar import authorization, oauth
from integrations.calendar.errors import OAuthAppMissing
from integrations.calendar.providers import NAMES


@dataclass(frozen=True)
class SignIn:
    """A sign-in that the operator has set up."""

    provider: str
    origin: str
    asked: Sequence[str]  # what the user is asked to allow: "see and change your events"


def offered() -> dict[str, SignIn]:
    found = {}
    for provider in NAMES:
        with suppress(OAuthAppMissing):
            asked = tuple(oauth.app(provider).needed.values())
            found[provider] = SignIn(provider, authorization.origin(provider), asked)
    return found


def leading_out(
    request: HttpRequest, sign_ins: Iterable[SignIn], show: Callable[[HttpRequest], HttpResponse]
) -> HttpResponse:
    """A page whose forms lead on to the providers: browsers hold redirects to `form-action`, too
    (https://www.w3.org/TR/CSP3/#directive-form-action)."""
    allowed: Any = csp_update({"form-action": [each.origin for each in sign_ins]})
    response: HttpResponse = allowed(show)(request)
    return response
