"""Calls and messages that come in."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from ava.http import correlation
from integrations.credentials import hooks, store
from telephony import parties
from telephony.calls.models import Call
from telephony.intents import followup
from telephony.intents.models import NUMBER_LENGTH, Intent
from telephony.intents.timeline import AnyIntent, Source, note, rows_of
from telephony.messages import optouts
from telephony.messages.models import Message
from telephony.twilio import resources, twiml
from vapi_settings.calls import answering
from vapi_settings.calls.patience import Patience

GREETING = "Thank you for calling. Nobody can take your call right now. Please call again later."
# The caller hears it ring meanwhile.
SECONDS_FOR_AN_ASSISTANT = 1.0
DIAL_STATUS = "dial-status"
"""The last part of the webhook that Twilio asks once the assistant's talk is over."""
TALKED = ("completed", "answered")


def answer(*, owner: User | None, holder: str, form: Mapping[str, str], now: datetime) -> str:
    """What happens on a call that came in, as TwiML: the user's assistant answers, or a greeting.

    A call that an assistant takes is kept at once, with who takes it, so that what Vapi reports of
    it finds its row.
    """
    patience = Patience(SECONDS_FOR_AN_ASSISTANT)
    number = answering.number(user=owner, patience=patience) if owner else None
    if number is None:
        return twiml.say(GREETING)
    keep_call(owner=owner, holder=holder, form=form, now=now)
    Call.objects.filter(provider_sid=form.get("CallSid", ""), holder=holder).update(
        assistant_id=number.assistant_id, phone_number_id=number.id
    )
    return twiml.put_through(number.sip_uri, action=_dial_status(owner))


def _dial_status(owner: User | None) -> str:
    """The address asked after the dial. It names the account, as Twilio takes no query along: the
    call's own user answers, and no other one who has the same token."""
    row = store.find(user=owner, provider=parties.TWILIO.slug) if owner else None
    return f"{DIAL_STATUS}?{hooks.PARAMETER}={row.pk}" if row else DIAL_STATUS


def after_dial(status: str) -> str:
    """What happens once the assistant was dialled, as TwiML: the end, or the greeting if nobody
    was there.

    Args:
        status: Twilio's DialCallStatus.
    """
    return twiml.HANGUP if status in TALKED else twiml.say(GREETING)


def note_dial(*, holder: str, sid: str, status: str, now: datetime) -> None:
    """Write down, once, that the assistant was not reached.

    Args:
        now: when that was told.
    """
    call = Call.objects.filter(provider_sid=sid, holder=holder).first()
    detail = f"The assistant could not be reached ({status or 'unknown'})."
    if call is None or status in TALKED or call.timeline.filter(detail=detail).exists():
        return
    before = call.timeline.filter(at__lte=now).last()
    then = before.status if before else None
    note(call, source=Source.CALLBACK, detail=detail, now=now, status=then)


def keep_call(*, owner: User | None, holder: str, form: Mapping[str, str], now: datetime) -> None:
    """Keep a call that came in, once.

    Args:
        holder: whose account received it, as rows name it.
    """
    status = resources.status(form.get("CallStatus", ""))
    known = status in Call.machine.ranks
    call = Call(kind=Call.Kind.INCOMING, status=status if known else "ringing")
    call.owner, call.holder = owner, holder
    _keep(call, sid=form.get("CallSid", ""), form=form, now=now)


def keep_message(
    *, owner: User | None, holders: Sequence[str], form: Mapping[str, str], now: datetime
) -> None:
    """Keep a message that came in, once, and what it wishes.

    Args:
        holders: whose token signed it, the one whose account received it first. A STOP holds for
            all who share the account.
    """
    message = Message(body=form.get("Body", ""), status="received", owner=owner, holder=holders[0])
    account_sid = form.get("AccountSid", "")
    with transaction.atomic():
        _keep(message, sid=form.get("MessageSid", ""), form=form, now=now)
        optouts.take(
            optouts.wish_of(message.body, told=form.get("OptOutType", "")),
            holders=sorted({*holders, *parties.sharing(holders[0], account_sid)}),
            number=_number(form, "To"),
            person=_number(form, "From"),
            at=now,
        )


def _keep(row: AnyIntent, *, sid: str, form: Mapping[str, str], now: datetime) -> None:
    if rows_of(row).filter(provider_sid=sid, holder=row.holder).exists():
        return
    row.direction = Intent.Direction.INBOUND
    row.provider_sid = sid
    row.account_sid = form.get("AccountSid", "")[:34]
    row.to, row.from_number = _number(form, "To"), _number(form, "From")
    row.correlation_id = correlation.current()
    row.created_at = row.updated_at = now
    with suppress(IntegrityError), transaction.atomic():  # another keeps it this very moment
        row.save(force_insert=True)
        note(row, source=Source.CALLBACK, now=now)
        followup.follow_up(row, due_at=now + followup.settle())


def _number(form: Mapping[str, str], name: str) -> str:
    return form.get(name, "")[:NUMBER_LENGTH]
