"""Words of activity: kinds, causes of failures with what to do, pages of what it is about."""

import re
from collections.abc import Mapping
from typing import Final

from django.urls import NoReverseMatch, reverse

KINDS: Final[Mapping[str, str]] = {
    "request": "Request",
    "attempt": "Provider",
    "breaker": "Circuit breaker",
    "job": "Background work",
    "webhook": "Webhook",
    "call": "Call",
    "message": "Message",
    "mail": "E-mail",
    "event": "Calendar",
    "revision": "Setting",
}
ICONS: Final[Mapping[str, str]] = {
    "request": "terminal",
    "attempt": "arrow-up-right",
    "breaker": "zap",
    "job": "refresh-cw",
    "webhook": "webhook",
    "call": "phone",
    "message": "message-square",
    "mail": "mail",
    "event": "calendar",
    "revision": "sliders-horizontal",
}

_OF_REQUESTS: Final[Mapping[str, str]] = {
    "400": "Something in the request was not right: correct it and send it again.",
    "401": "The login or token was not taken: log in again, or make a new token.",
    "403": "This is not allowed with that login or token.",
    "404": "There is no such thing, or it is somebody else's.",
    "409": "Something else was done at the same time: look at what is there now.",
    "412": "It had been changed meanwhile: load it again.",
    "422": "A value was not taken: correct it and send it again.",
    "429": "Too much at once: wait a moment.",
    "502": "The provider refused or failed: its answer is in this story.",
    "503": "The provider was not asked, as it keeps failing: AVA tries again by itself.",
    "504": "The provider did not answer in time.",
}
_OF_ATTEMPTS: Final[Mapping[str, str]] = {
    "400": "The provider did not take a value: its answer says which.",
    "401": "The provider refused the key: replace it in Settings.",
    "403": "The key may not do this: check its rights at the provider.",
    "404": "The provider does not know it: it was deleted there, or belongs to another account.",
    "429": "The provider asks to slow down: AVA waits and tries again.",
    "open": "The circuit breaker is open: the provider kept failing, so AVA did not ask it.",
    "timeout": "The provider did not answer in time. AVA tries again where that is safe.",
}
_OF_KINDS: Final[Mapping[str, str]] = {
    "request": "AVA could not do what was asked.",
    "attempt": "The provider failed or could not be reached. AVA tries again where that is safe.",
    "breaker": "The provider failed several times in a row. AVA asks it again after a short while.",
    "job": "AVA tries again by itself.",
    "webhook": "The provider sends it again.",
    "call": "The call's page says why, and what to do.",
    "message": "The message's page says why, and what to do.",
    "mail": "The mail did not arrive.",
    "event": "The event was not created.",
    "revision": "The change did not reach the assistant: look at the setting, and try again.",
}
_WAITING: Final = frozenset(
    ("pending", "queued", "ringing", "in-progress", "scheduled", "sending", "half_open", "unknown")
)
# Pages by what an entry's address in the API begins with.
_PAGES: Final = (
    (re.compile(r"/twilio/calls/([0-9a-f-]{36})$"), "call"),
    (re.compile(r"/twilio/messages/([0-9a-f-]{36})$"), "message"),
    (re.compile(r"/integrations/email/messages/([0-9a-f-]{36})$"), "mail-message"),
    (re.compile(r"/vapi/settings/([^/]+)/history$"), "vapi-setting"),
)


def cause(kind: str, status: str) -> str:
    """Why it failed, and what to do, as far as its kind and status say."""
    known = {"request": _OF_REQUESTS, "attempt": _OF_ATTEMPTS}.get(kind, {})
    return known.get(status) or _OF_KINDS.get(kind, "")


def is_waiting(status: str) -> bool:
    return status in _WAITING


def console_link(link: str) -> str:
    """The console's page of what has this address in the API; empty where there is none."""
    for pattern, name in _PAGES:
        found = pattern.search(link)
        if found:
            try:
                return reverse(name, args=[found[1]])
            except NoReverseMatch:
                return ""
    return ""
