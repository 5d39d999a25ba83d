"""Messages: sent, canceled, and followed to their end."""

import uuid
from datetime import datetime

from django.contrib.auth.models import User
from django.utils import timezone

from ava.http import correlation
from ava.intents.states import CANCELED
from ava.intents.timeline import Source, changing
from integrations.credentials import allowance
from telephony import accounts, senders
from telephony.errors import MessageGone
from telephony.intents import dispatch, settling
from telephony.intents.channel import ProviderRecord
from telephony.intents.timeline import advance
from telephony.messages import bulk_job
from telephony.messages.models import Message
from telephony.messages.twilio_messages import CHANNEL
from telephony.optouts import services as optouts


def send_message(
    *,
    user: User,
    to: str,
    body: str,
    from_number: str | None = None,
    send_at: datetime | None = None,
    idempotency: uuid.UUID | None = None,
) -> Message:
    """Send an SMS, exactly once. The message is `unknown` where Twilio gave no answer.

    Args:
        from_number: None: the user's default, else their only number.
        idempotency: of the Idempotency-Key; a message that was begun under it is returned.

    Raises: OptedOut, AllowanceSpent, CredentialsMissing, SenderAmbiguous, ValidationFailed, and
        Problem of Twilio: nothing is sent.
    """
    begun = Message.objects.filter(idempotency=idempotency).first() if idempotency else None
    if begun:
        return begun
    credentials, account = accounts.serving(user)
    optouts.refuse(holders={account.holder, str(user.pk)}, person=to)
    sender = senders.choose(credentials, from_number, use="sms")
    if problem := senders.refusal(sender, to):
        raise problem
    message = Message(
        owner=user,
        to=to,
        from_number=sender,
        body=body,
        account_sid=account.sid,
        holder=account.holder,
        send_at=send_at,
        idempotency=idempotency,
        correlation_id=correlation.current(),
    )
    with allowance.spend(user=user, credentials=credentials, units=1, now=timezone.now()):
        return dispatch.submit(message, CHANNEL)


def cancel(message: Message) -> Message:
    """Cancel a message that has not been sent yet. Raises: MessageGone, if it may have been."""
    with changing(message) as row:
        if row.is_final or row.reference or row.attempted_at is not None:
            raise MessageGone
        detail, record = "Taken back before it was sent.", ProviderRecord("", CANCELED)
        advance(row, record, source=Source.USER, detail=detail, now=timezone.now())
    return row


def pursue(message_id: str) -> None:
    """Do what is to be done about a message now. Raises RetryLater: there is more to do later."""
    messages = Message.objects.select_related("owner").filter(pk=message_id)
    if message := messages.first():
        accounts.name_holder(message)
        send = bulk_job.put_back if message.batch_id else settling.next_attempt
        settling.pursue(message, CHANNEL, send=send)
    if message := messages.first():
        settling.backfill(message, CHANNEL)
