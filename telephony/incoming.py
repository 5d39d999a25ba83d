"""Calls and messages that come in."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from ava import correlation
from telephony import dispatch, twiml
from telephony.calls.models import Call
from telephony.intents import NUMBER_LENGTH, Intent
from telephony.messages import optouts
from telephony.messages.models import Message
from telephony.timeline import AnyIntent, Source, note

GREETING = "Thank you for calling. Nobody can take your call right now. Please call again later."


def greeting() -> str:
    """What a caller hears, as TwiML. A number at which an assistant answers is Vapi's to answer."""
    return twiml.say(GREETING)


def keep_call(*, owner: User | None, form: Mapping[str, str], now: datetime) -> None:
    """Keep a call that came in, once."""
    status = Call.machine.spoken.get(form.get("CallStatus", ""), form.get("CallStatus", ""))
    known = status in Call.machine.ranks
    call = Call(kind=Call.Kind.INCOMING, status=status if known else "ringing")
    _keep(call, sid=form.get("CallSid", ""), owner=owner, form=form, now=now)


def keep_message(
    *, owner: User | None, holders: Sequence[str], form: Mapping[str, str], now: datetime
) -> None:
    """Keep a message that came in, once, and what it wishes.

    Args:
        holders: everybody who speaks for the account: a STOP holds for all of them.
    """
    message = Message(body=form.get("Body", ""), status="received")
    with transaction.atomic():
        _keep(message, sid=form.get("MessageSid", ""), owner=owner, form=form, now=now)
        optouts.take(
            optouts.wish_of(message.body),
            holders=holders,
            number=_number(form, "To"),
            person=_number(form, "From"),
            at=now,
        )


def _keep(
    row: AnyIntent, *, sid: str, owner: User | None, form: Mapping[str, str], now: datetime
) -> None:
    if type(row)._default_manager.filter(provider_sid=sid).exists():
        return
    row.direction = Intent.Direction.INBOUND
    row.provider_sid = sid
    row.owner = owner
    row.account_sid = form.get("AccountSid", "")[:34]
    row.to, row.from_number = _number(form, "To"), _number(form, "From")
    row.correlation_id = correlation.current()
    row.created_at = row.updated_at = now
    with transaction.atomic():
        row.save(force_insert=True)
        note(row, source=Source.CALLBACK, now=now)
        if not row.is_final:
            dispatch.follow_up(row, due_at=now + dispatch.settle())


def _number(form: Mapping[str, str], name: str) -> str:
    return form.get(name, "")[:NUMBER_LENGTH]
