"""Channel of calls that run TwiML: Twilio."""

from dataclasses import replace
from datetime import datetime

from ava.http.problems import ValidationFailed
from telephony import accounts
from telephony.accounts import client_for
from telephony.calls import assistant_calls
from telephony.calls.models import Call
from telephony.intents.channel import ProviderRecord
from telephony.twilio import twiml
from telephony.twilio.errors import TwilioNotFound, TwilioRejected
from telephony.twilio_channel import TwilioChannel, address

ALREADY_ENDED = 21220


class TwilioCalls(TwilioChannel):
    """Calls that run TwiML. Where AVA has a public address Twilio fetches it from there, with the
    attempt in the address: a second one gets nothing but the end."""

    def send(self, intent: Call) -> ProviderRecord:
        credentials, _ = accounts.to_send(intent)
        if credentials.source != "user":
            _require_plain(intent.twiml)
        url = address("voice", intent)
        how = {"url": url} if url else {"twiml": intent.twiml}
        return accounts.client(credentials).create_call(
            to=intent.to,
            from_number=intent.from_number,
            status_callback=address("call-status", intent),
            **how,
        )

    def search(self, intent: Call, since: datetime) -> list[ProviderRecord]:
        found = client_for(intent).calls(to=intent.to, from_number=intent.from_number, since=since)
        placed = assistant_calls.provider_sids(intent, since) if found else ()
        return [one for one in found if one.reference not in placed]

    def fetch(self, intent: Call) -> ProviderRecord:
        found = client_for(intent).call(str(intent.provider_sid))
        # Vapi reports the cost of a call by an assistant.
        return replace(found, price=None, price_unit="") if intent.vapi_call_id else found

    def end(self, intent: Call, reference: str) -> ProviderRecord | None:
        client = client_for(intent)
        try:
            return client.end_call(reference)
        except TwilioRejected as problem:
            if problem.twilio_code != ALREADY_ENDED:
                raise
            return client.call(reference)
        except TwilioNotFound:
            return None


def _require_plain(document: str) -> None:
    """Refuse TwiML that leads beyond the call on the operator's account. Raises: ValidationFailed.

    An address may answer with more TwiML, which may send Twilio to AVA's webhooks, signed for all
    who share the account; and what a call dials or writes to is not counted in the allowance.
    """
    if place := twiml.first_beyond(document):
        sentence = (
            f"The operator's Twilio account serves you, and takes no TwiML with {place}: others "
            "share it. Store Twilio credentials of your own, or leave that out."
        )
        raise ValidationFailed(errors={"twiml": [sentence]})
