"""Client of Twilio's REST API (2010-04-01): one method for each request of AVA.

https://www.twilio.com/docs/iam/api/account,
https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource,
https://www.twilio.com/docs/voice/api/call-resource,
https://www.twilio.com/docs/messaging/api/message-resource
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import takewhile
from typing import Any

from ava.upstream.errors import ProviderUnreachable
from integrations.sender_kinds import Kind, kind_of
from telephony.intents.channel import ProviderRecord
from telephony.twilio import resources
from telephony.twilio.errors import TWILIO, TwilioNotFound
from telephony.twilio.resources import Number, Sender

MOST_NUMBERS = 1000
MOST_FOUND = 1000  # calls or messages of one pair of numbers, since a moment minutes ago
MOST_SENDERS = 200
PAGE_SIZE = 200
# In front of each message of a trial account
# (https://www.twilio.com/docs/usage/tutorials/how-to-use-your-free-trial-account).
TRIAL = "Sent from your Twilio trial account - "
CALL_EVENTS = ["initiated", "ringing", "answered", "completed"]


class TwilioClient:
    """Twilio for an account SID and its auth token, or for an API key's SID and its secret."""

    def __init__(self, *, account_sid: str, username: str, password: str) -> None:
        self._credentials = (username, password, account_sid)

    def account(self) -> tuple[str, str]:
        """The account's name and status (active, suspended, closed): only the token reads it."""
        with self._asking() as api:
            found = api.account.fetch()
            return resources.text(found.friendly_name), resources.text(found.status)

    def numbers(
        self, *, most: int = MOST_NUMBERS, page_size: int = PAGE_SIZE, **wanted: str
    ) -> list[Number]:
        """The account's phone numbers; those that are `wanted` hold a `phone_number` as a part."""
        with self._asking() as api:
            numbers = api.account.incoming_phone_numbers
            found = _pages(api, numbers, most=most, page_size=page_size, **wanted)
            return [resources.number(each) for each in found if resources.text(each.phone_number)]

    def senders(self) -> list[Sender]:
        """The account's Messaging Services and short codes."""
        most, size = MOST_SENDERS, PAGE_SIZE
        with self._sdk() as sdk:
            messaging, api = sdk.messaging.v1, sdk.api.v2010
            services = _pages(messaging, messaging.services, most=most, page_size=size)
            codes = _pages(api, api.account.short_codes, most=most, page_size=size)
            found = [resources.service(one) for one in services]
            found += [resources.short_code(one) for one in codes]
            return [one for one in found if one.sender]

    def find_sender(self, sender: str, kind: Kind) -> Sender | None:
        """One of them; None: the account has no such one."""
        with self._sdk() as sdk:
            if kind is Kind.SERVICE:
                try:
                    return resources.service(sdk.messaging.v1.services(sender).fetch())
                except TwilioNotFound:
                    return None
            page = sdk.api.v2010.account.short_codes.page(short_code=sender)
            found = map(resources.short_code, page)
            return next((one for one in found if one.sender == sender), None)

    def create_call(
        self, *, to: str, from_number: str, status_callback: str | None = None, **how: str
    ) -> ProviderRecord:
        """Place a call, with the `url` of TwiML or `twiml` itself. Never sent twice."""
        events = {"status_callback": status_callback, "status_callback_event": CALL_EVENTS}
        callback = events if status_callback else {}
        with self._asking() as api:
            made = api.account.calls.create(to=to, from_=from_number, **how, **callback)
            return resources.record(made)

    def call(self, sid: str) -> ProviderRecord:
        with self._asking() as api:
            return resources.record(api.account.calls(sid).fetch())

    def end_call(self, sid: str) -> ProviderRecord:
        with self._asking() as api:
            return resources.record(api.account.calls(sid).update(status="completed"))

    def calls(self, *, to: str, from_number: str, since: datetime) -> list[ProviderRecord]:
        """Calls that were ordered over the API between two numbers since then, the newest first.
        Not filtered by StartTime: a call in the queue has none yet."""
        with self._asking() as api:
            found = _since(api, api.account.calls, since, to=to, from_=from_number)
            return [resources.record(one) for one in found]

    def create_message(
        self, *, to: str, from_number: str, body: str, status_callback: str | None = None
    ) -> ProviderRecord:
        """Send an SMS. Never sent twice."""
        more = {"status_callback": status_callback} if status_callback else {}
        more |= {_sender_field(from_number): from_number}
        with self._asking() as api:
            made = api.account.messages.create(to=to, body=body, **more)
            return resources.record(made)

    def message(self, sid: str) -> ProviderRecord:
        with self._asking() as api:
            return resources.record(api.account.messages(sid).fetch())

    def messages(
        self, *, to: str, from_number: str, body: str, since: datetime
    ) -> list[ProviderRecord]:
        """Messages with this text; the rest as for `calls`."""
        field = _sender_field(from_number)
        # What a service sends comes from one of its numbers, and lists cannot be filtered by it.
        wanted = {"to": to} | ({"from_": from_number} if field == "from_" else {})
        with self._asking() as api:
            return [
                resources.record(one)
                for one in _since(api, api.account.messages, since, **wanted)
                if resources.text(one.body).removeprefix(TRIAL).strip() == body.strip()
                and (field == "from_" or one.messaging_service_sid == from_number)
            ]

    @contextmanager
    def _asking(self) -> Iterator[Any]:
        """The SDK's core API for one operation: see `_sdk`."""
        with self._sdk() as sdk:
            yield sdk.api.v2010

    @contextmanager
    def _sdk(self) -> Iterator[Any]:
        """The SDK for one operation, the deadline of which begins now. What it raises at an answer
        that is JSON but not Twilio's counts as no answer."""
        from twilio.base.exceptions import TwilioException
        from twilio.rest import Client

        from telephony.twilio.transport import DoorHttpClient

        # Left out, the SDK would fill gaps from TWILIO_* of the process: the operator's own.
        environment = {"TWILIO_ACCOUNT_SID": ""}
        try:
            yield Client(*self._credentials, http_client=DoorHttpClient(), environment=environment)
        except (TwilioException, AttributeError, KeyError, TypeError, ValueError) as fault:
            raise ProviderUnreachable(TWILIO) from fault


def _sender_field(sender: str) -> str:
    return "messaging_service_sid" if kind_of(sender) is Kind.SERVICE else "from_"


def _pages(api: Any, of: Any, *, most: int, page_size: int, **wanted: str) -> Iterator[Any]:
    first = of.page(page_size=page_size, **wanted)
    # The SDK follows pages as long as one names a next, even if it is empty itself.
    found: Iterator[Any] = api.stream(first, limit=most, page_limit=math.ceil(most / page_size))
    return found


def _since(api: Any, of: Any, moment: datetime, **wanted: str) -> Iterator[Any]:
    """Calls or messages ordered over the API from `moment` on. Twilio lists the newest first."""

    def is_recent(one: Any) -> bool:
        made = resources.created_at(one)
        return made is None or made >= moment

    found = _pages(api, of, most=MOST_FOUND, page_size=PAGE_SIZE, **wanted)
    return filter(resources.is_by_api, takewhile(is_recent, found))
