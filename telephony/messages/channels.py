"""How an SMS is sent and found again."""

from datetime import datetime

from django.conf import settings

from telephony import accounts
from telephony.accounts import client_for
from telephony.intents.addresses import marked
from telephony.intents.channel import PRICE_KNOWN, Account
from telephony.messages import optouts
from telephony.messages.models import Message
from telephony.twilio.resources import Sighting

# https://www.twilio.com/docs/usage/tutorials/how-to-use-your-free-trial-account
TRIAL = "Sent from your Twilio trial account - "
"""In front of each message of a trial account."""


class TwilioMessages:
    """Two messages of the same numbers and text are the same to whoever gets them."""

    provider = "twilio"
    looks = PRICE_KNOWN

    def is_told(self, intent: Message) -> bool:
        return bool(settings.PUBLIC_URL)

    def prepare(self, intent: Message) -> Account:
        credentials = accounts.credentials_to_send(intent)
        account = accounts.account_of(accounts.active_owner(intent), credentials)
        # It was not so when the message was taken; a STOP may have come since.
        optouts.refuse(holder=account.holder, number=intent.from_number, person=intent.to)
        return account

    def send(self, intent: Message) -> Sighting:
        return accounts.client(accounts.credentials_to_send(intent)).create_message(
            to=intent.to,
            from_number=intent.from_number,
            body=intent.body,
            status_callback=marked("message-status", intent),
        )

    def search(self, intent: Message, since: datetime) -> list[Sighting]:
        found = client_for(intent).messages(
            to=intent.to, from_number=intent.from_number, since=since
        )
        return [
            one
            for one in found
            if one.body.removeprefix(TRIAL).strip() == intent.wording
            and one.direction in ("outbound-api", "")
        ]

    def fetch(self, intent: Message) -> Sighting:
        return client_for(intent).message(str(intent.provider_sid))

    def owes(self, intent: Message) -> bool:
        return intent.is_billed and intent.price is None

    def end(self, intent: Message, reference: str) -> Sighting | None:
        return None


CHANNEL = TwilioMessages()
