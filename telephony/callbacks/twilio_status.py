"""Statuses of calls and messages that Twilio reports, and TwiML for calls that AVA placed."""

from datetime import datetime

from telephony.callbacks.report import Report
from telephony.calls.models import Call
from telephony.intents import adoption
from telephony.intents.record import ProviderRecord
from telephony.intents.timeline import Source, facts_of, observe
from telephony.messages.models import Message
from telephony.twilio import resources, twiml


def apply(report: Report, model: type[Call] | type[Message], *, now: datetime) -> None:
    """Apply a status to the row that it is about. What AVA did not place is passed over."""
    record = _record(report)
    if report.marked is not None:
        row = model.objects.filter(pk=report.marked).first()
        if row is not None:
            adoption.adopt(row, record, source=Source.CALLBACK, proven=True, now=now)
        return
    for row in model.objects.filter(provider_sid=report.sid, holder__in=report.holders):
        facts = facts_of(record, row)
        observe(row, status=record.status, source=Source.CALLBACK, now=report.at, facts=facts)


def answer(report: Report, *, now: datetime) -> str:
    """TwiML for a call that AVA placed.

    Who picks up may be on a second call of the same intent, or on one that was taken back: they
    hear nothing but the end of it.
    """
    call = Call.objects.filter(pk=report.marked).first() if report.marked else None
    if call is None:
        return twiml.HANGUP
    row, is_it = adoption.adopt(call, _record(report), source=Source.CALLBACK, proven=True, now=now)
    return row.twiml if is_it and not row.stop_requested else twiml.HANGUP


def _record(report: Report) -> ProviderRecord:
    return resources.report(
        sid=report.sid, word=report.status, form=report.form, reported_at=report.at
    )
