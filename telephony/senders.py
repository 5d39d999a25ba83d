"""Which number a call or a message comes from."""

from typing import Literal

from django.contrib.auth.models import User

from ava.http.problems import ValidationFailed
from ava.upstream import ProviderAuthFailed, ProviderProblem
from integrations.credentials.store import Credentials
from telephony import accounts, numbers
from telephony.errors import SenderAmbiguous
from telephony.numbers import Sender
from vapi_settings.calls import services as vapi
from vapi_settings.client import PhoneNumber

Use = Literal["voice", "sms"]
_CANNOT = {"voice": "This number cannot make calls.", "sms": "This number cannot send SMS."}
_NONE_AT_VAPI = "Vapi has no phone number yet. Import one: POST /vapi/phone-numbers."
_NOT_YOURS = (
    "This is not a phone number of your Twilio account. If you bought it just now, try again in a "
    "few seconds."
)


def choose(credentials: Credentials, named: str | None, *, use: Use) -> str:
    """The number to use: the one named, else the user's default, else the only one there is.

    A named one is held against the account's numbers; where Twilio cannot be asked it is trusted,
    as Twilio will look at it itself.

    Raises:
        ValidationFailed: the account has no such number, or it cannot do this.
        SenderAmbiguous: none is named, and there is not just one.
        ProviderProblem: none is named, and Twilio cannot be asked.
    """
    wanted = named or credentials.fields.get("default_from")
    if not wanted:
        return _only(credentials, use)
    try:
        known = numbers.find(credentials, wanted)
    except ProviderAuthFailed:
        raise
    except ProviderProblem:
        return wanted
    if known is None:
        raise _invalid(_NOT_YOURS)
    if not getattr(known, use):
        raise _invalid(_CANNOT[use])
    return wanted


def choose_at_vapi(user: User, named: str | None, *, assistant_id: str) -> PhoneNumber:
    """The number that an assistant calls from: the one named, else the user's default where Vapi
    has it, else the assistant's own, else the only one there is.

    Raises:
        NumberNotAtVapi: Vapi does not have the one named.
        SenderAmbiguous: none is named, and there is not just one.
        ProviderProblem, CredentialsMissing, CredentialsUnreadable.
    """
    if named:
        return vapi.number(user=user, named=named)
    known = vapi.numbers(user=user)
    default = accounts.default_sender(user)
    able = (
        [one for one in known if one.number == default]
        or [one for one in known if one.assistant_id == assistant_id]
        or known
    )
    if len(able) == 1:
        return able[0]
    raise SenderAmbiguous([one.number for one in able], none=_NONE_AT_VAPI)


def _only(credentials: Credentials, use: Use) -> str:
    """The account's only number for this."""
    able = _able(numbers.known(credentials), use)
    if not able and not numbers.is_paused(credentials):
        # The first one may have been bought just now.
        able = _able(numbers.anew(credentials), use)
        if not able:
            numbers.pause(credentials)
    if len(able) != 1:
        raise SenderAmbiguous(able)
    return able[0]


def _able(known: list[Sender], use: Use) -> list[str]:
    return [one.number for one in known if getattr(one, use)]


def _invalid(said: str) -> ValidationFailed:
    return ValidationFailed(errors={"from": [said]})
