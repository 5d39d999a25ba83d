"""One method for each thing that AVA asks of Twilio (REST API 2010-04-01).

https://www.twilio.com/docs/iam/api/account,
https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ava.upstream.errors import ProviderUnreachable
from telephony.errors import TWILIO

if TYPE_CHECKING:
    from twilio.rest import Client

MOST_NUMBERS = 1000
PAGE_SIZE = 200


@dataclass(frozen=True)
class Account:
    """A Twilio account. `status` is active, suspended or closed."""

    friendly_name: str
    status: str


@dataclass(frozen=True)
class Capabilities:
    voice: bool
    sms: bool
    mms: bool


@dataclass(frozen=True)
class Number:
    """A phone number of the account, in E.164."""

    phone_number: str
    friendly_name: str
    capabilities: Capabilities


class TwilioClient:
    """Twilio for one set of credentials.

    Args:
        account_sid: AC..., whose resources are meant.
        username, password: who asks: the account SID and its auth token, or an API key's SID
            (SK...) and its secret.
    """

    def __init__(self, *, account_sid: str, username: str, password: str) -> None:
        self._account_sid = account_sid
        self._username = username
        self._password = password

    def account(self) -> Account:
        """The account itself. Main and restricted API keys may not read it, the token may."""
        with _tolerant():
            found = self._sdk().api.v2010.accounts(self._account_sid).fetch()
            return Account(_text(found.friendly_name), _text(found.status))

    def numbers(self, *, most: int = MOST_NUMBERS, page_size: int = PAGE_SIZE) -> list[Number]:
        """The account's phone numbers, page after page, at most `most` of them."""
        with _tolerant():
            api = self._sdk().api.v2010
            first = api.accounts(self._account_sid).incoming_phone_numbers.page(page_size=page_size)
            # The SDK follows pages as long as one names a next, even if it is empty itself.
            found = api.stream(first, limit=most, page_limit=math.ceil(most / page_size))
            return [_number(each) for each in found if _text(each.phone_number)]

    def _sdk(self) -> "Client":
        """Twilio's client for one operation, the deadline of which begins now."""
        from twilio.rest import Client

        from telephony.transport import DoorHttpClient

        return Client(
            self._username,
            self._password,
            self._account_sid,
            http_client=DoorHttpClient(),
            # Left out, the SDK would fill gaps from TWILIO_* of the process: the operator's own.
            environment={"TWILIO_ACCOUNT_SID": ""},
        )


def _number(found: Any) -> Number:
    can = found.capabilities if isinstance(found.capabilities, dict) else {}
    return Number(
        phone_number=_text(found.phone_number),
        friendly_name=_text(found.friendly_name),
        capabilities=Capabilities(*(can.get(kind) is True for kind in ("voice", "sms", "mms"))),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


@contextmanager
def _tolerant() -> Iterator[None]:
    """What the SDK makes of an answer that is JSON but not Twilio's counts as no answer."""
    from twilio.base.exceptions import TwilioException

    try:
        yield
    except (TwilioException, AttributeError, KeyError, TypeError, ValueError) as fault:
        raise ProviderUnreachable(TWILIO) from fault
