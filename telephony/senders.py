"""Which number a call or a message comes from."""

from typing import Literal

from ava.problems import ValidationFailed
from ava.upstream import ProviderAuthFailed, ProviderProblem
from integrations.credentials.store import Credentials
from telephony import numbers
from telephony.errors import SenderAmbiguous
from telephony.numbers import Sender

Use = Literal["voice", "sms"]
_CANNOT = {"voice": "This number cannot make calls.", "sms": "This number cannot send SMS."}
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
    return ValidationFailed(f"from: {said}", errors={"from": [said]})
