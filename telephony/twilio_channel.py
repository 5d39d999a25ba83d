"""Base of Twilio's channels: calls and messages."""

from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings

from telephony import accounts
from telephony.intents.channel import Account
from telephony.intents.models import Communication
from telephony.optouts import services as optouts

HOOKS = "/api/v1/webhooks/twilio"
# Twilio tries three times more where it cannot connect, or gets no answer or a 5xx. By itself it
# tries only the first of these once more. This part of an address is neither sent nor signed
# (https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides).
RETRIES = "#rc=3&rp=ct,rt,5xx"


class TwilioChannel:
    provider = "twilio"
    # Twilio says no more than that the price "may not be immediately available"
    # (https://www.twilio.com/docs/voice/api/call-resource#call-properties): these moments are AVA's
    # own choice. Who needs the price for certain has Twilio's bill.
    backfill_delays: tuple[timedelta, ...] = (timedelta(minutes=5), timedelta(hours=6))

    def reports(self, intent: Communication) -> bool:
        return bool(settings.PUBLIC_URL)

    def prepare(self, intent: Communication) -> Account:
        _, account = accounts.to_send(intent)
        # It was not so when this was asked for; a STOP may have come since.
        optouts.refuse(holders={account.holder, str(intent.owner_id)}, person=intent.to)
        return account

    def is_incomplete(self, intent: Communication) -> bool:
        return intent.is_billed and intent.price is None


def address(kind: str, intent: Communication) -> str | None:
    """The address of a webhook for Twilio's reports on an attempt, with AVA's mark; None where AVA
    has no public address."""
    if not settings.PUBLIC_URL:
        return None
    mark = urlencode({intent.word: str(intent.pk), "attempt": intent.attempt})
    return f"{settings.PUBLIC_URL}{HOOKS}/{kind}?{mark}{RETRIES}"
