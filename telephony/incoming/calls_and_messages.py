"""Incoming calls and messages: kept, and calls answered with TwiML."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from ava.http import correlation
from ava.inbound.limits import JSON_BYTES, json_size
from ava.intents.timeline import Source, note
from integrations.credentials import store
from integrations.credentials.models import WEBHOOK_ACCOUNT
from telephony import addresses, signers
from telephony.calls.models import Call
from telephony.incoming.twilio_reports import Report
from telephony.intents import adoption
from telephony.intents.models import Communication
from telephony.intents.timeline import keep
from telephony.messages.models import Message
from telephony.optouts import services as optouts
from telephony.twilio import resources, twiml
from vapi_settings.calls import services as vapi

GREETING = "Thank you for calling. Nobody can take your call right now. Please call again later."
# The caller hears it ring meanwhile.
SECONDS_FOR_AN_ASSISTANT = 1.0
# The webhook that Twilio asks once the assistant has hung up, or did not answer.
DIAL_STATUS = "dial-status"
TALKED = ("completed", "answered")


def answer(report: Report, *, now: datetime) -> str:
    """TwiML for a call. A person who picks up a second call of the same intent, or one that was
    taken back, hears the end of it."""
    if report.marked is None:
        return _came_in(report)
    call = Call.objects.filter(pk=report.marked).first()
    if call is None:
        return twiml.HANGUP
    row, is_it = adoption.adopt(call, report.record, source=Source.CALLBACK, proven=True, now=now)
    return row.twiml if is_it and not row.stop_requested else twiml.HANGUP


def _came_in(report: Report) -> str:
    """TwiML for a call that came in: the user's assistant answers, or a greeting. A call that an
    assistant takes is kept at once, so that what Vapi reports of it finds its row."""
    owner = report.owner
    number = vapi.answering_number(user=owner, seconds=SECONDS_FOR_AN_ASSISTANT) if owner else None
    if number is None:
        return twiml.say(GREETING)
    keep_call(report)
    Call.objects.filter(provider_sid=report.sid, holder=report.holder).update(
        assistant_id=number.assistant_id, phone_number_id=number.id
    )
    return twiml.put_through(number.sip_uri, action=_dial_status(owner))


def _dial_status(owner: User | None) -> str:
    """The address asked after the dial. It names the account, as Twilio takes no query along: the
    call's own user answers, and no other one who has the same token."""
    row = store.find(user=owner, provider=signers.TWILIO.slug) if owner else None
    return f"{DIAL_STATUS}?{WEBHOOK_ACCOUNT}={row.pk}" if row else DIAL_STATUS


def after_dial(status: str) -> str:
    """TwiML after the assistant was dialled, by Twilio's DialCallStatus: the end, or a greeting."""
    return twiml.HANGUP if status in TALKED else twiml.say(GREETING)


def note_dial(report: Report) -> None:
    """Write down, once, that the assistant was not reached."""
    call = Call.objects.filter(provider_sid=report.sid, holder=report.holder).first()
    detail = f"The assistant could not be reached ({report.status or 'unknown'})."
    if call is None or report.status in TALKED or call.timeline.filter(detail=detail).exists():
        return
    before = call.timeline.filter(at__lte=report.at).last()
    then = before.status if before else ""
    note(call, source=Source.CALLBACK, detail=detail, now=report.at, status=then)


def keep_call(report: Report) -> None:
    """Keep a call that came in, once."""
    status = resources.status(report.form.get("CallStatus", ""))
    known = status in Call.machine.ranks
    _keep(Call(kind=Call.Kind.INCOMING, status=status if known else "ringing"), report)


def keep_message(report: Report) -> None:
    """Keep a message that came in, once, and its STOP or START, which holds for all who share the
    account."""
    message = Message(
        body=report.form.get("Body", ""), status="received", media=resources.media(report.form)
    )
    stopped = optouts.is_opt_out((report.form.get("OptOutType", ""), message.body))
    if stopped is None:
        _keep(message, report)
        return
    person = addresses.person(_address(report, "From"))
    concerned = _concerned(report, person)
    with transaction.atomic():
        _keep(message, report)
        optouts.record(
            stopped=stopped,
            holders=sorted(concerned),
            number=message.to,
            person=person,
            at=report.at,
        )


def _concerned(report: Report, person: str) -> set[str]:
    """Holders on whose list an opt-out goes: all who share the account; where that is the
    operator's, also those who reached the person through it."""
    sharing = signers.sharing(report.holder, report.form.get("AccountSid", ""))
    found = {*report.holders, *sharing}
    if signers.OPERATOR in found:
        for model in (Call, Message):
            sent = model.objects.filter(to=person, holder=signers.OPERATOR, owner__isnull=False)
            owners = sent.order_by().values_list("owner_id", flat=True).distinct()
            found |= {str(owner_id) for owner_id in owners}
    return found


def _keep(row: Communication, report: Report) -> None:
    row.owner, row.holder, row.provider_sid = report.owner, report.holder, report.sid
    row.direction = Communication.Direction.INBOUND
    row.account_sid = report.form.get("AccountSid", "")[:34]
    row.to, row.from_number = _address(report, "To"), _address(report, "From")
    row.details = _fitting(resources.details(report.form))
    row.correlation_id = correlation.current()
    keep(row, now=report.at)


def _fitting(details: dict[str, str]) -> dict[str, str]:
    """Details, as many as JSON_BYTES hold, and how many more there are."""
    free, found = JSON_BYTES, {}
    for name, value in details.items():
        free -= json_size({name: value})
        if free >= 0:
            found[name] = value
    left = len(details) - len(found)
    return found | ({"left_out": f"{left:,} fields"} if left else {})


def _address(report: Report, name: str) -> str:
    return addresses.kept(report.form.get(name, ""))
