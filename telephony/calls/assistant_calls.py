"""Channel of calls by an assistant: Vapi."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User

from ava.http.problems import Problem
from ava.inbound.limits import cut
from ava.intents.states import CANCELED, FAILED
from ava.intents.timeline import Source
from ava.jobs import RetryLater
from ava.upstream import ProviderAuthFailed
from integrations.credentials.errors import CredentialsMissing, CredentialsUnreadable
from telephony import accounts
from telephony.calls.models import Call
from telephony.intents.channel import Account, ProviderRecord
from telephony.optouts import services as optouts
from vapi_settings.calls import services as vapi
from vapi_settings.errors import CallNotControllable, CallNotFound
from vapi_settings.records import VapiCall

STARTING = ("queued", "ringing")
MARK = "ava_call"
ATTEMPT = "ava_attempt"


class AssistantCalls:
    """Calls by a Vapi assistant. Vapi keeps AVA's mark in the call's metadata."""

    provider = "vapi"
    # Vapi records things with a delay, and may be in trouble.
    backfill_delays = tuple(timedelta(seconds=after) for after in (20, 60, 300, 1800, 21_600))

    def reports(self, intent: Call) -> bool:
        # An assistant with a server of its own reports there, others at once that it is queued.
        return intent.timeline.filter(source=Source.CALLBACK).exists()

    def prepare(self, intent: Call) -> Account:
        owner = accounts.active_owner(intent)
        optouts.refuse(holders=accounts.holders(owner), person=intent.to)
        return Account("", str(owner.pk))

    def send(self, intent: Call) -> ProviderRecord:
        return record_of(
            vapi.place(
                user=owner_of(intent),
                assistant_id=intent.assistant_id,
                phone_number_id=intent.phone_number_id,
                to=intent.to,
                correlation_id=intent.correlation_id,
                metadata={MARK: str(intent.pk), ATTEMPT: str(intent.attempt)},
            )
        )

    def search(self, intent: Call, since: datetime) -> list[ProviderRecord]:
        found = vapi.find(
            user=owner_of(intent),
            since=since,
            metadata={MARK: str(intent.pk)},
            assistant_id=intent.assistant_id,
            phone_number_id=intent.phone_number_id,
        )
        return [record_of(one) for one in found]

    def fetch(self, intent: Call) -> ProviderRecord:
        owner, call_id = owner_of(intent), str(intent.vapi_call_id)
        return record_of(vapi.fetch(user=owner, call_id=call_id, metadata=_marks(intent)))

    def is_incomplete(self, intent: Call) -> bool:
        return intent.is_billed and not (intent.transcript and intent.price is not None)

    def end(self, intent: Call, reference: str) -> ProviderRecord | None:
        try:
            vapi.end(user=owner_of(intent), call_id=reference, metadata=_marks(intent))
        except CallNotFound:
            return None
        except CallNotControllable as refusal:
            # Its leg at Twilio, where the number is the user's own there. Not with the operator's
            # credentials: the leg's ID is what the user's Vapi says.
            own = accounts.own_credentials(owner_of(intent))
            if own is None or not intent.provider_sid or reference != intent.vapi_call_id:
                raise
            try:
                accounts.client(own).end_call(intent.provider_sid)
            except Problem:
                raise refusal from None
        return None


def _marks(call: Call) -> Mapping[str, str]:
    """Marks in Vapi's record of this call: none for one that came in."""
    return {} if call.direction == Call.Direction.INBOUND else {MARK: str(call.pk)}


def provider_sids(intent: Call, since: datetime) -> set[str]:
    """Calls that Vapi placed over the same number and account: Twilio lists them alike.
    Raises ProviderProblem, and RetryLater: Vapi is placing one now, and has not given its SID."""
    try:
        placed = vapi.over_number(user=owner_of(intent), number=intent.from_number, since=since)
    except (CredentialsMissing, CredentialsUnreadable, ProviderAuthFailed):
        # AVA places none for this user.
        return set()
    if any(
        one.person == intent.to and one.status in STARTING and not one.provider_sid
        for one in placed
    ):
        raise RetryLater(
            settings.TELEPHONY_LOOK_AGAIN_SECONDS, "Vapi is calling over the same number"
        )
    return {one.provider_sid for one in placed if one.provider_sid}


def owner_of(call: Call) -> User:
    """The owner of a call. A constraint gives each that was placed one."""
    assert call.owner is not None  # noqa: S101 - the table sees to it
    return call.owner


# Why a call that Vapi calls "ended" ended, as a status: the start of `endedReason`.
# https://docs.vapi.ai/calls/call-ended-reason
_ENDINGS = (
    ("customer-busy", "busy"),
    ("customer-did-not-answer", "no-answer"),
    ("twilio-failed-to-connect-call", FAILED),
    ("vonage-failed-to-connect-call", FAILED),
    ("twilio-reported-customer-misdialed", FAILED),
    ("call.start.error", FAILED),
    ("assistant-not-valid", FAILED),
    ("assistant-not-provided", FAILED),
    ("customer-did-not-give-microphone-permission", FAILED),
    ("manually-canceled", CANCELED),
    ("scheduled-call-deleted", CANCELED),
)
# `scheduled` is a word of AVA's own, for what Vapi does not have yet.
_STATUS = {"scheduled": "queued", "forwarding": "in-progress"}


def record_of(call: VapiCall) -> ProviderRecord:
    """A call as Vapi shows it."""
    status, reason = _STATUS.get(call.status, call.status), call.ended_reason or ""
    if status == "ended":
        found = (word for start, word in _ENDINGS if reason.startswith(start))
        status = next(found, "completed")
    took = call.ended_at - call.started_at if call.ended_at and call.started_at else None
    return ProviderRecord(
        reference=call.id,
        status=status,
        created_at=call.created_at,
        proven=True,
        duration=max(int(took.total_seconds()), 0) if took is not None else None,
        price=call.cost,
        price_unit="USD" if call.cost is not None else "",
        provider_sid=call.provider_sid,
        ended_reason=cut(reason, 200),
        transcript=call.transcript,
        recording_url=call.recording_url or "",
        summary=call.summary,
    )
