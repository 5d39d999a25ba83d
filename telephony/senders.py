"""Which number a call or a message comes from."""

from typing import Literal

from ava.problems import ValidationFailed
from ava.upstream import ProviderAuthFailed, ProviderProblem
from integrations.credentials.store import Credentials
from telephony import accounts
from telephony.errors import SenderAmbiguous

Use = Literal["voice", "sms"]
_CANNOT = {"voice": "This number cannot make calls.", "sms": "This number cannot send SMS."}


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
    try:
        numbers = accounts.senders(credentials)
    except ProviderAuthFailed:
        raise
    except ProviderProblem:
        if wanted:
            return wanted
        raise
    if not wanted:
        able = [one.number for one in numbers if getattr(one, use)]
        if len(able) != 1:
            raise SenderAmbiguous(able)
        return able[0]
    known = next((one for one in numbers if one.number == wanted), None)
    if known is None:
        raise _invalid("This is not a phone number of your Twilio account.")
    if not getattr(known, use):
        raise _invalid(_CANNOT[use])
    return wanted


def _invalid(said: str) -> ValidationFailed:
    return ValidationFailed(f"from: {said}", errors={"from": [said]})
