"""An account's numbers, as AVA remembers them to check who calls and writes."""

from dataclasses import astuple, dataclass

from django.core.cache import cache

from integrations.credentials.store import Credentials
from telephony.accounts import client
from telephony.twilio.resources import Number

REMEMBERED_SECONDS = 300
PAUSE_SECONDS = 3
"""After a number that Twilio does not know Twilio is asked for no other one of these credentials:
a wrong number in a loop is no load."""


@dataclass(frozen=True)
class Sender:
    """A number of the account, and what it can be used for."""

    number: str
    voice: bool
    sms: bool


def known(credentials: Credentials) -> list[Sender]:
    """The account's first 1000 numbers, as of at most five minutes ago. Raises: ProviderProblem."""
    kept = cache.get(_key("senders", credentials))
    return anew(credentials) if kept is None else [Sender(*one) for one in kept]


def anew(credentials: Credentials) -> list[Sender]:
    """The account's first 1000 numbers, as of now. Raises: ProviderProblem."""
    found = [_sender(one) for one in client(credentials).numbers()]
    cache.set(_key("senders", credentials), [astuple(one) for one in found], REMEMBERED_SECONDS)
    cache.delete(_key("missed", credentials))
    return found


def find(credentials: Credentials, number: str) -> Sender | None:
    """One of the account's numbers. Twilio is asked for it where it is not among those that are
    remembered: it may be new, or beyond the first 1000.

    Raises:
        ProviderProblem: Twilio cannot be asked.
    """
    for one in known(credentials):
        if one.number == number:
            return one
    key = _key(f"sender:{number}", credentials)
    if kept := cache.get(key):
        return Sender(*kept)
    if is_paused(credentials):
        return None
    found = client(credentials).number(number)
    if found is None:
        pause(credentials)
        return None
    cache.set(key, astuple(_sender(found)), REMEMBERED_SECONDS)
    return _sender(found)


def pause(credentials: Credentials) -> None:
    """Ask Twilio for no new number for some seconds."""
    cache.set(_key("missed", credentials), True, PAUSE_SECONDS)


def is_paused(credentials: Credentials) -> bool:
    """Whether Twilio was asked in vain just now."""
    return bool(cache.get(_key("missed", credentials)))


def _sender(number: Number) -> Sender:
    return Sender(number.phone_number, number.capabilities.voice, number.capabilities.sms)


def _key(what: str, credentials: Credentials) -> str:
    return f"twilio:{credentials.version}:{what}"
