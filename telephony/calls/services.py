"""Calls: placed, hung up, and followed to their end."""

import uuid
from datetime import datetime

from django.contrib.auth.models import User
from django.utils import timezone

from ava.http import correlation
from ava.intents.states import CANCELED
from ava.intents.timeline import Source, changing, follow_up, note
from integrations.credentials import allowance
from integrations.credentials.services import credentials_for
from telephony import accounts, senders
from telephony.calls.assistant_calls import AssistantCalls
from telephony.calls.models import Call
from telephony.calls.twilio_calls import TwilioCalls
from telephony.errors import CallEnded
from telephony.intents import dispatch, settling, timeline
from telephony.intents.channel import Channel, ProviderRecord
from telephony.intents.timeline import advance, observe
from telephony.optouts import services as optouts
from telephony.twilio import twiml

Kind = Call.Kind


def place_call(
    *,
    user: User,
    to: str,
    kind: str,
    content: str,
    from_number: str | None = None,
    send_at: datetime | None = None,
    idempotency: uuid.UUID | None = None,
) -> Call:
    """Place a call, exactly once. The call is `unknown` where the provider gave no answer.

    Args:
        content: the text, the TwiML, or the assistant's ID, as `kind` says.
        from_number: None: as `senders` chooses.
        idempotency: of the Idempotency-Key; a call that was begun under it is returned.

    Raises: OptedOut, AllowanceSpent, CredentialsMissing, SenderAmbiguous, ValidationFailed, and
        Problem of the provider: no phone is called.
    """
    begun = Call.objects.filter(idempotency=idempotency).first() if idempotency else None
    if begun:
        return begun
    call = Call(
        owner=user,
        to=to,
        kind=kind,
        send_at=send_at,
        idempotency=idempotency,
        correlation_id=correlation.current(),
    )
    if kind == Kind.ASSISTANT:
        optouts.refuse(holders=accounts.holders(user), person=to)
        number = senders.choose_at_vapi(user, from_number, assistant_id=content)
        call.provider = Call.Provider.VAPI
        call.holder = str(user.pk)
        call.assistant_id, call.phone_number_id = content, number.id
        call.from_number = number.number
        credentials = credentials_for(user=user, provider=call.provider)
    else:
        credentials, account = accounts.serving(user)
        optouts.refuse(holders={account.holder, str(user.pk)}, person=to)
        call.account_sid, call.holder = account.sid, account.holder
        call.from_number = senders.choose(credentials, from_number, use="voice")
        call.twiml = twiml.say(content) if kind == Kind.SAY else content
    with allowance.spend(user=user, credentials=credentials, units=1, now=timezone.now()):
        return dispatch.submit(call, channel_of(call))


def hang_up(call: Call) -> Call:
    """End a call: a running one is hung up, a later one is not placed, and one that AVA is still
    looking for is ended when it is found. Raises: CallEnded; Problem: AVA goes on trying."""
    row = request_hang_up(call)
    if row.is_final or not row.reference:
        return row
    ended = channel_of(row).end(row, row.reference)
    return observe(row, ended, source=Source.USER, now=timezone.now()) if ended else row


def request_hang_up(call: Call) -> Call:
    """Ask the call's job to end it soon; one that was not placed yet is ended at once. Raises:
    CallEnded."""
    now = timezone.now()
    with changing(call) as row:
        if row.is_final:
            raise CallEnded
        if not row.stop_requested:
            row.stop_requested = True
            note(row, source=Source.USER, detail="hang-up asked for", now=now)
        if not row.reference and row.attempted_at is None:
            detail = "Taken back before it was placed."
            advance(row, ProviderRecord("", CANCELED), source=Source.USER, detail=detail, now=now)
        if not row.is_final:
            follow_up(row, due_at=now + timeline.SOON)
    return row


def pursue(call_id: str) -> None:
    """Do what is to be done about a call now. Raises RetryLater where there is more to do later."""
    calls = Call.objects.select_related("owner").filter(pk=call_id)
    if call := calls.first():
        accounts.name_holder(call)
        settling.pursue(call, channel_of(call))
    if call := calls.first():
        # Vapi knows the transcript and the cost of what an assistant took, too.
        settling.backfill(call, AssistantCalls() if call.vapi_call_id else TwilioCalls())


def end_duplicate(call_id: str, sid: str) -> None:
    """Hang up a call that was placed a second time. Raises Problem: it may go on ringing."""
    call = Call.objects.select_related("owner").filter(pk=call_id).first()
    if call:
        channel_of(call).end(call, sid)


def channel_of(call: Call) -> Channel:
    """Channel that a call goes through."""
    return AssistantCalls() if call.provider == Call.Provider.VAPI else TwilioCalls()
