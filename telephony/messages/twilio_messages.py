"""Channel of messages: Twilio."""

from datetime import datetime

from telephony import accounts
from telephony.accounts import client_for
from telephony.intents.channel import ProviderRecord
from telephony.messages.models import Message
from telephony.twilio_channel import TwilioChannel, address


class TwilioMessages(TwilioChannel):
    """Two messages of the same numbers and text are the same to those who get them."""

    def send(self, intent: Message) -> ProviderRecord:
        credentials, _ = accounts.to_send(intent)
        return accounts.client(credentials).create_message(
            to=intent.to,
            from_number=intent.from_number,
            body=intent.body,
            status_callback=address("message-status", intent),
        )

    def search(self, intent: Message, since: datetime) -> list[ProviderRecord]:
        return client_for(intent).messages(
            to=intent.to, from_number=intent.from_number, body=intent.body, since=since
        )

    def fetch(self, intent: Message) -> ProviderRecord:
        return client_for(intent).message(str(intent.provider_sid))

    def end(self, intent: Message, reference: str) -> ProviderRecord | None:
        return None


CHANNEL = TwilioMessages()
