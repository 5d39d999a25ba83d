"""What Twilio reports of calls and messages."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from telephony.calls.models import Call
from telephony.intents import adoption
from telephony.intents.timeline import Source, facts_of, observe
from telephony.messages.models import Message
from telephony.twilio import resources, twiml


def take(
    *,
    model: type[Call] | type[Message],
    marked: str | None,
    holders: Sequence[str],
    sid: str,
    status: str,
    form: Mapping[str, str],
    told_at: datetime,
    now: datetime,
) -> None:
    """Take in how a call or message stands at Twilio. What AVA did not place is passed over.

    Args:
        marked: whose mark the address carried.
        holders: whose token signed it: what it names is one of theirs, or nobody's.
        told_at: when, which may be long before `now`.
    """
    record = resources.report(sid=sid, word=status, form=form, reported_at=told_at)
    if marked is not None:
        row = model.objects.filter(pk=marked).first()
        if row is not None:
            adoption.adopt(row, record, source=Source.CALLBACK, proven=True, now=now)
        return
    for row in model.objects.filter(provider_sid=sid, holder__in=holders):
        facts = facts_of(record, row)
        observe(row, told=record.status, source=Source.CALLBACK, now=told_at, facts=facts)


def answer(*, call_id: str, sid: str, status: str, told_at: datetime, now: datetime) -> str:
    """What is said on a call that AVA placed, as TwiML.

    Whoever picks up may be on a second call of the same intent, or on one that nobody wants any
    more: they hear nothing but the end of it.
    """
    call = Call.objects.filter(pk=call_id).first()
    if call is None:
        return twiml.HANGUP
    record = resources.report(sid=sid, word=status, form={}, reported_at=told_at)
    row, is_it = adoption.adopt(call, record, source=Source.CALLBACK, proven=True, now=now)
    return row.twiml if is_it and not row.stop_requested else twiml.HANGUP
