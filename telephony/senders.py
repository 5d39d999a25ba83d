"""Senders of calls and messages: the numbers of an account, as AVA remembers them."""

from contextlib import suppress
from dataclasses import astuple
from typing import Literal

import phonenumbers
from django.contrib.auth.models import User
from django.core.cache import cache

from ava.http.problems import Problem, ValidationFailed
from ava.upstream import ProviderAuthFailed, ProviderProblem
from integrations.credentials.errors import CredentialsMissing
from integrations.credentials.store import Credentials
from integrations.sender_kinds import Kind, kind_of
from telephony import accounts
from telephony.errors import SenderAmbiguous
from telephony.twilio.resources import Number, Sender
from vapi_settings.calls import services as vapi
from vapi_settings.records import PhoneNumber

Use = Literal["voice", "sms"]
_CANNOT = {"voice": "This number cannot make calls.", "sms": "This number cannot send SMS."}
_NONE_AT_VAPI = "Vapi has no phone number yet. Import one: POST /vapi/phone-numbers."
_NOT_IN_ACCOUNT = {
    Kind.NUMBER: "This is not a phone number of your Twilio account.",
    Kind.SERVICE: "Your Twilio account has no such Messaging Service.",
    Kind.SHORT_CODE: "Your Twilio account has no such short code.",
}
# Countries that certainly take no SMS from a name; of others Twilio knows better:
# https://help.twilio.com/articles/223133767
NAMELESS = frozenset({"US", "CA"})
_NO_NAMES = (
    "The United States and Canada take no SMS from a name. Send it from a number, a short code or "
    "a Messaging Service."
)
REMEMBERED_SECONDS = 300


def listed(*, user: User) -> tuple[list[Number], list[Sender]]:
    """The first 1000 numbers of the user's Twilio account, and its Messaging Services and short
    codes, as of now; none of these where Twilio does not say. Raises: CredentialsMissing,
    CredentialsUnreadable, ProviderProblem."""
    credentials, _ = accounts.serving(user)
    numbers = _ask(credentials)
    try:
        return numbers, accounts.client(credentials).senders()
    except Problem:
        return numbers, []  # a restricted key may read the numbers and not these


def choose(credentials: Credentials, named: str | None, *, use: Use) -> str:
    """The number to use: the one named, else the user's default, else the only one there is. Where
    Twilio cannot be asked a named one is trusted, as Twilio will look at it itself.

    Raises: ValidationFailed, SenderAmbiguous, ProviderProblem.
    """
    wanted = named or credentials.fields.get("default_from")
    kind = kind_of(wanted) if wanted else Kind.NUMBER
    if not wanted or (use == "voice" and kind is not Kind.NUMBER):
        return _only(credentials, use)
    if kind is Kind.NAME:
        return wanted  # Twilio lists none, and looks at it itself
    try:
        fault = _fault(credentials, wanted, kind, use)
    except ProviderAuthFailed:
        raise
    except ProviderProblem:
        return wanted
    if fault:
        raise ValidationFailed(errors={"from": [fault]})
    return wanted


def refusal(sender: str, to: str) -> ValidationFailed | None:
    """Problem of a sender that does not reach that number, where that is known beforehand."""
    if kind_of(sender) is not Kind.NAME:
        return None
    region = phonenumbers.region_code_for_number(phonenumbers.parse(to))
    return ValidationFailed(errors={"from": [_NO_NAMES]}) if region in NAMELESS else None


def choose_at_vapi(user: User, named: str | None, *, assistant_id: str) -> PhoneNumber:
    """The number that an assistant calls from: the one named, else the user's default where Vapi
    has it, else the assistant's own, else the only one there is. Raises: ValidationFailed,
    SenderAmbiguous, ProviderProblem, CredentialsMissing, CredentialsUnreadable."""
    if named:
        return vapi.number(user=user, named=named)
    known = vapi.numbers(user=user)
    default = None
    with suppress(CredentialsMissing):
        default = accounts.serving(user)[0].fields.get("default_from")
    able = (
        [one for one in known if one.number == default]
        or [one for one in known if one.assistant_id == assistant_id]
        or known
    )
    if len(able) == 1:
        return able[0]
    raise SenderAmbiguous([one.number for one in able], none=_NONE_AT_VAPI)


def _fault(credentials: Credentials, sender: str, kind: Kind, use: Use) -> str:
    """Reason why the account cannot use this sender; "" where it can. Raises: ProviderProblem."""
    if kind is Kind.NUMBER:
        found = _find(credentials, sender)
        if found:
            return "" if getattr(found, use) else _CANNOT[use]
        return _NOT_IN_ACCOUNT[kind]
    key = _key(f"sender:{sender}", credentials)
    if not cache.get(key):
        if accounts.client(credentials).find_sender(sender, kind) is None:
            return _NOT_IN_ACCOUNT[kind]
        cache.set(key, True, REMEMBERED_SECONDS)
    return ""


def _find(credentials: Credentials, number: str) -> Number | None:
    """One of the account's numbers. Twilio is asked for it where it is not among those that are
    remembered: it may be new, or beyond the first 1000. Raises: ProviderProblem."""
    known = _remembered(credentials)
    for one in known:
        if one.phone_number == number:
            return one
    for one in accounts.client(credentials).numbers(phone_number=number):
        if one.phone_number == number:
            _remember(credentials, [*known, one])
            return one
    return None


def _only(credentials: Credentials, use: Use) -> str:
    """The account's only number for this."""
    for numbers in (_remembered, _ask):  # the first one may have been bought just now
        able = [one.phone_number for one in numbers(credentials) if getattr(one, use)]
        if able:
            break
    if len(able) != 1:
        raise SenderAmbiguous(able)
    return able[0]


def _remembered(credentials: Credentials) -> list[Number]:
    kept = cache.get(_key("numbers", credentials))
    return _ask(credentials) if kept is None else [Number(*one) for one in kept]


def _ask(credentials: Credentials) -> list[Number]:
    return _remember(credentials, accounts.client(credentials).numbers())


def _remember(credentials: Credentials, numbers: list[Number]) -> list[Number]:
    kept = [astuple(one) for one in numbers]
    cache.set(_key("numbers", credentials), kept, REMEMBERED_SECONDS)
    return numbers


def _key(what: str, credentials: Credentials) -> str:
    return f"twilio:{credentials.version}:{what}"
