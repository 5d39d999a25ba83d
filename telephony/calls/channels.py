"""How a call is placed and found again: by Twilio, or by Vapi where an assistant talks."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User

from ava.http.problems import Problem, ValidationFailed
from ava.inbound.limits import cut
from ava.jobs import Again
from ava.upstream import ProviderAuthFailed
from integrations.credentials.errors import CredentialsMissing, CredentialsUnreadable
from telephony import accounts
from telephony.accounts import client_for
from telephony.calls.models import Call
from telephony.errors import TwilioNotFound, TwilioRejected
from telephony.intents.addresses import marked
from telephony.intents.channel import PRICE_KNOWN, Account, Channel
from telephony.intents.timeline import Source
from telephony.twilio import twiml
from telephony.twilio.resources import Sighting
from vapi_settings.calls import services as vapi
from vapi_settings.calls.errors import CallNotControllable, CallNotFound
from vapi_settings.calls.records import VapiCall

ALREADY_ENDED = 21220
STARTING = ("queued", "ringing")
MARK = "ava_call"
ATTEMPT = "ava_attempt"


def channel_of(call: Call) -> Channel:
    """The one that this call goes through."""
    return AssistantCalls() if call.provider == Call.Provider.VAPI else TwilioCalls()


class TwilioCalls:
    """Calls that run TwiML. Where AVA has a public address Twilio fetches it from there: whoever
    asks for it tells which attempt it is, and a second one is told to hang up."""

    provider = "twilio"
    looks = PRICE_KNOWN

    def is_told(self, intent: Call) -> bool:
        return bool(settings.PUBLIC_URL)

    def prepare(self, intent: Call) -> Account:
        return accounts.account_of(owner_of(intent), accounts.credentials_to_send(intent))

    def send(self, intent: Call) -> Sighting:
        credentials = accounts.credentials_to_send(intent)
        if credentials.source != "user":
            _require_plain(intent.twiml)
        url = marked("voice", intent)
        how = {"url": url} if url else {"twiml": intent.twiml}
        return accounts.client(credentials).create_call(
            to=intent.to,
            from_number=intent.from_number,
            status_callback=marked("call-status", intent),
            **how,
        )

    def search(self, intent: Call, since: datetime) -> list[Sighting]:
        found = client_for(intent).calls(to=intent.to, from_number=intent.from_number, since=since)
        # A leg that TwiML dialled is no call that AVA placed.
        placed = [one for one in found if one.direction in ("outbound-api", "")]
        if not placed:
            return []
        assistants = _sids_of_assistants(intent, since)
        return [one for one in placed if one.sid not in assistants]

    def fetch(self, intent: Call) -> Sighting:
        found = client_for(intent).call(str(intent.provider_sid))
        # What a talk with an assistant costs is Vapi's to say.
        return replace(found, price=None, price_unit="") if intent.vapi_call_id else found

    def owes(self, intent: Call) -> bool:
        return intent.is_billed and intent.price is None

    def end(self, intent: Call, reference: str) -> Sighting | None:
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
    """Refuse TwiML that leads beyond the call on the operator's account.

    Any address may answer with more TwiML, which AVA never sees and which may send Twilio to AVA's
    webhooks: with the signature that all who share the account are believed by. And whatever is
    dialled or written to from within a call is counted nowhere, and the operator pays for it.

    Raises:
        ValidationFailed.
    """
    if place := twiml.first_beyond(document):
        said = (
            f"The operator's Twilio account serves you, and takes no TwiML with {place}: others "
            "share it. Store Twilio credentials of your own, or leave that out."
        )
        raise ValidationFailed(errors={"twiml": [said]})


def _sids_of_assistants(intent: Call, since: datetime) -> set[str]:
    """What Vapi placed over the same number, with the same account: Twilio lists it alike.

    Raises:
        Again: Vapi is placing one now, and has not told its SID.
        ProviderProblem: Vapi does not tell.
    """
    try:
        talks = vapi.over_number(user=owner_of(intent), number=intent.from_number, since=since)
    except (CredentialsMissing, CredentialsUnreadable, ProviderAuthFailed):
        # AVA places none for this user.
        return set()
    if any(
        one.person == intent.to and one.status in STARTING and not one.provider_sid for one in talks
    ):
        raise Again(settings.TELEPHONY_LOOK_AGAIN_SECONDS, "Vapi is calling over the same number")
    return {one.provider_sid for one in talks if one.provider_sid}


class AssistantCalls:
    """Calls in which a Vapi assistant talks. Vapi keeps AVA's mark in the call's metadata."""

    provider = "vapi"
    # Vapi takes its time to write things down, and may be in trouble.
    looks = tuple(timedelta(seconds=after) for after in (20, 60, 300, 1800, 21_600))

    def is_told(self, intent: Call) -> bool:
        # An assistant with a server of its own reports there, others at once that it is queued.
        return intent.timeline.filter(source=Source.CALLBACK).exists()

    def prepare(self, intent: Call) -> Account:
        return Account("", str(accounts.active_owner(intent).pk))

    def send(self, intent: Call) -> Sighting:
        return sighting(
            vapi.place(
                user=owner_of(intent),
                assistant_id=intent.assistant_id,
                phone_number_id=intent.phone_number_id,
                to=intent.to,
                correlation_id=intent.correlation_id,
                metadata={MARK: str(intent.pk), ATTEMPT: str(intent.attempt)},
            )
        )

    def search(self, intent: Call, since: datetime) -> list[Sighting]:
        found = vapi.find(
            user=owner_of(intent),
            since=since,
            metadata={MARK: str(intent.pk)},
            assistant_id=intent.assistant_id,
            phone_number_id=intent.phone_number_id,
        )
        return [sighting(one) for one in found]

    def fetch(self, intent: Call) -> Sighting:
        call_id = str(intent.vapi_call_id)
        return sighting(vapi.fetch(user=owner_of(intent), call_id=call_id, metadata=_marks(intent)))

    def owes(self, intent: Call) -> bool:
        told = intent.transcript and intent.price is not None
        return intent.is_billed and not told

    def end(self, intent: Call, reference: str) -> Sighting | None:
        try:
            vapi.end(user=owner_of(intent), call_id=reference, metadata=_marks(intent))
        except CallNotFound:
            return None
        except CallNotControllable:
            if not intent.provider_sid or reference != intent.vapi_call_id:
                raise
            # Its leg at Twilio, where the number is the user's own there. Not with the operator's
            # credentials: the leg's ID is what the user's Vapi says.
            own = accounts.own_credentials(owner_of(intent))
            try:
                if own is None:
                    raise CallNotControllable
                accounts.client(own).end_call(intent.provider_sid)
            except Problem:
                raise CallNotControllable from None
        return None


def _marks(call: Call) -> Mapping[str, str]:
    """What Vapi's record must carry to be this call's. One that came in carries nothing."""
    return {} if call.direction == Call.Direction.INBOUND else {MARK: str(call.pk)}


def teller_of(call: Call) -> Channel:
    """Who knows what was said on a call, and what it cost."""
    return AssistantCalls() if call.vapi_call_id else TwilioCalls()


def owner_of(call: Call) -> User:
    """Whose call it is. One that was placed has an owner: the table sees to it."""
    assert call.owner is not None  # noqa: S101 - as said
    return call.owner


# Why a call that Vapi calls "ended" ended, in Twilio's words: the start of `endedReason`.
# https://docs.vapi.ai/calls/call-ended-reason
_ENDINGS = (
    ("customer-busy", "busy"),
    ("customer-did-not-answer", "no-answer"),
    ("twilio-failed-to-connect-call", "failed"),
    ("vonage-failed-to-connect-call", "failed"),
    ("twilio-reported-customer-misdialed", "failed"),
    ("call.start.error", "failed"),
    ("assistant-not-valid", "failed"),
    ("assistant-not-provided", "failed"),
    ("customer-did-not-give-microphone-permission", "failed"),
    ("manually-canceled", "canceled"),
    ("scheduled-call-deleted", "canceled"),
)
_STATUS = {"scheduled": "queued", "forwarding": "in-progress"}


def status_of(status: str, ended_reason: str | None) -> str:
    """Vapi's status in Twilio's words."""
    if status != "ended":
        return _STATUS.get(status, status)
    reason = ended_reason or ""
    return next((word for start, word in _ENDINGS if reason.startswith(start)), "completed")


def sighting(call: VapiCall) -> Sighting:
    """A call of Vapi's, as one of Twilio's would look."""
    took = (
        int((call.ended_at - call.started_at).total_seconds())
        if call.ended_at and call.started_at
        else None
    )
    return Sighting(
        sid=call.id,
        status=status_of(call.status, call.ended_reason),
        created_at=call.created_at,
        duration=max(took, 0) if took is not None else None,
        price=call.cost,
        price_unit="USD" if call.cost is not None else "",
        proven=True,
        more={
            "provider_sid": call.provider_sid,
            "ended_reason": cut(call.ended_reason or "", 200),
            "transcript": call.transcript,
            "recording_url": (call.recording_url or "")[:2000],
            "summary": call.summary,
        },
    )
