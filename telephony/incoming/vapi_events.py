"""Events of calls by an assistant, as Vapi reports them."""

import uuid
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from ava.intents.timeline import Source, follow_up
from telephony import addresses
from telephony.calls.assistant_calls import MARK, AssistantCalls, record_of
from telephony.calls.models import Call
from telephony.intents import adoption, timeline
from telephony.intents.settling import CLOCKS_DIFFER
from telephony.intents.timeline import observe
from vapi_settings.calls.events import END_OF_CALL_REPORT, VapiEvent

IN_PROGRESS = "in-progress"
ENDED = "ended"
# After Twilio was asked to put the caller through.
ARRIVES_WITHIN = timedelta(minutes=1)


def apply(event: VapiEvent) -> None:
    """Apply an event to the call that AVA placed, or that came in."""
    now = timezone.now()
    call = (
        Call.objects.filter(owner=event.owner, vapi_call_id=event.id).first()
        or _placed(event)
        or (event.inbound and (_put_through(event) or _came_in(event, now)))
    )
    if not call:
        return
    # Not `event.at`: Vapi's clock is another than that of the rest of the timeline.
    record = record_of(event)
    if event.status == ENDED and not event.ended_reason and event.type != END_OF_CALL_REPORT:
        # How it ended is still to come.
        record = replace(record, status=IN_PROGRESS)
    if call.provider == Call.Provider.VAPI:
        call, _ = adoption.adopt(call, record, source=Source.CALLBACK, proven=True, now=now)
    else:
        # The line is Twilio's, and ends when Twilio says so.
        status = IN_PROGRESS if event.status == IN_PROGRESS else ""
        record = replace(record, status=status, provider_sid=None, duration=None)
        call = observe(call, record, source=Source.CALLBACK, now=now)
    if event.status == ENDED and not call.transcript:
        follow_up(call, due_at=now + AssistantCalls.backfill_delays[0])


def _placed(event: VapiEvent) -> Call | None:
    """The one whose mark it carries."""
    try:
        mark = uuid.UUID(event.metadata.get(MARK, ""))
    except ValueError:
        return None
    return Call.objects.filter(owner=event.owner, provider=Call.Provider.VAPI, pk=mark).first()


def _put_through(event: VapiEvent) -> Call | None:
    """The one that came in over Twilio and was put through to this number of Vapi's. Vapi does not
    give Twilio's name for it, so it is found by caller, number and time."""
    with transaction.atomic():
        waiting = Call.objects.select_for_update().filter(
            owner=event.owner,
            holder=str(event.owner.pk),
            direction=Call.Direction.INBOUND,
            provider=Call.Provider.TWILIO,
            phone_number_id=event.phone_number_id,
            from_number=event.person,
            vapi_call_id=None,
            created_at__gte=event.began_at - CLOCKS_DIFFER - ARRIVES_WITHIN,
            created_at__lte=event.began_at + CLOCKS_DIFFER,
        )
        found = min(waiting, key=lambda call: abs(call.created_at - event.began_at), default=None)
        if found:
            found.vapi_call_id = event.id
            found.save(update_fields=["vapi_call_id"])
    return found


def _came_in(event: VapiEvent, now: datetime) -> Call:
    """A new row for one that came in without AVA."""
    call = Call(
        kind=Call.Kind.INCOMING,
        direction=Call.Direction.INBOUND,
        provider=Call.Provider.VAPI,
        owner=event.owner,
        holder=str(event.owner.pk),
        status="ringing",
        vapi_call_id=event.id,
        assistant_id=(event.assistant_id or "")[:64],
        phone_number_id=(event.phone_number_id or "")[:64],
        to=addresses.kept(event.number),
        from_number=addresses.kept(event.person),
    )
    if timeline.keep(call, now=now):
        return call
    return Call.objects.get(owner=event.owner, vapi_call_id=event.id)
