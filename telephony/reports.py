"""What providers report of calls and messages that AVA placed."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from telephony import dispatch, twiml
from telephony.calls.channels import MARK, status_of
from telephony.calls.models import Call
from telephony.messages.models import Message
from telephony.resources import Sighting, whole
from telephony.timeline import Source, facts_of, observe
from vapi_settings.events import END_OF_CALL_REPORT, VapiEvent


def take(
    *,
    model: type[Call] | type[Message],
    marked: str | None,
    owner: User | None,
    sid: str,
    status: str,
    form: Mapping[str, str],
    now: datetime,
) -> None:
    """Take in how a call or message stands at Twilio. What AVA did not place is passed over.

    Args:
        marked: whose mark the address carried.
        owner: who has the token that signed it.
    """
    sighting = Sighting(
        sid=sid,
        status=status,
        duration=whole(form.get("CallDuration")),
        error_code=whole(form.get("ErrorCode")) or None,
        proven=True,
    )
    if marked is not None:
        row = model.objects.filter(pk=marked).first()
        if row is not None:
            dispatch.adopt(row, sighting, source=Source.CALLBACK, proven=True, now=now)
        return
    row = model.objects.filter(provider_sid=sid, owner=owner).first()
    if row is not None:
        facts = facts_of(sighting, row)
        observe(row, told=status, source=Source.CALLBACK, now=now, facts=facts)


def answer(*, call_id: str, sid: str, status: str, now: datetime) -> str:
    """What is said on a call that AVA placed, as TwiML.

    Whoever picks up may be on a second call of the same intent, or on one that nobody wants any
    more: they hear nothing but the end of it.
    """
    call = Call.objects.filter(pk=call_id).first()
    if call is None:
        return twiml.HANGUP
    sighting = Sighting(sid=sid, status=status)
    row, is_it = dispatch.adopt(call, sighting, source=Source.CALLBACK, proven=True, now=now)
    return row.twiml if is_it and not row.stop_requested else twiml.HANGUP


def vapi_event(event: VapiEvent) -> None:
    """Take in what Vapi tells of a call of an assistant's that AVA placed."""
    calls = Call.objects.filter(owner=event.owner, provider=Call.Provider.VAPI)
    call = calls.filter(vapi_call_id=event.call_id).first() or _marked(event)
    if call is None:
        return
    told = event.status or ""
    if told == "ended" and not event.ended_reason and event.type != END_OF_CALL_REPORT:
        # How it ended is still to come.
        told = "in-progress"
    more: dict[str, Any] = {
        "provider_sid": event.provider_sid,
        "ended_reason": (event.ended_reason or "")[:200],
        "transcript": event.transcript,
        "recording_url": (event.recording_url or "")[:2000],
        "summary": event.summary,
    }
    sighting = Sighting(
        sid=event.call_id,
        status=status_of(told, event.ended_reason),
        price=event.cost,
        price_unit="USD" if event.cost is not None else "",
        proven=True,
        more=more,
    )
    # Not `event.at`: Vapi's clock is another than that of the rest of the timeline.
    dispatch.adopt(call, sighting, source=Source.CALLBACK, proven=True, now=timezone.now())


def _marked(event: VapiEvent) -> Call | None:
    try:
        mark = uuid.UUID(event.metadata.get(MARK, ""))
    except ValueError:
        return None
    return Call.objects.filter(owner=event.owner, provider=Call.Provider.VAPI, pk=mark).first()
