"""The addresses that AVA gives to Twilio. They carry AVA's mark: which row, which attempt."""

from urllib.parse import urlencode

from django.conf import settings

from telephony.intents.models import Intent

BASE = "/api/v1/webhooks/twilio"
RETRIES = "#rc=3&rp=ct,rt,5xx"
"""Have Twilio try three times more where it cannot connect, or gets no answer or a 5xx. By itself
it tries only the first of these once more. This part of an address is neither sent nor signed
(https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides)."""


def marked(kind: str, intent: Intent) -> str | None:
    """Where Twilio reports on this intent; None where AVA has no public address.

    Args:
        kind: voice, call-status or message-status.
    """
    if not settings.PUBLIC_URL:
        return None
    mark = urlencode({intent.word: str(intent.pk), "attempt": intent.attempt})
    return f"{settings.PUBLIC_URL}{BASE}/{kind}?{mark}{RETRIES}"
