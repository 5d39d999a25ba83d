"""Batches of messages in a captured incident (`ava.recording`)."""

from typing import Any, Final

from ava.recording import fakes, parts
from ava.recording.parts import Asked, End, Repeat
from ava.recording.scenario import Ask
from telephony.messages.models import Batch, Message
from telephony.twilio.errors import TWILIO

BULK: Final = "/api/v1/twilio/messages/bulk"
_NUMBERS: Final = Ask("GET", "/api/v1/twilio/numbers")
_SOMEBODY: Final = "+14155550100"
_PACE: Final = 120
"""Messages of a replay's minute, at least: nobody waits for a slow one."""
_NEVER_SENT: Final = ("failed", "canceled")
_TROUBLES: Final = ("undelivered", "failed")


def send(asked: Asked) -> Repeat:
    """A batch with a text for each recipient; where no row was made of it, any batch."""
    rows = Batch.objects.filter(owner_id=asked.owner_id, correlation_id=asked.correlation_id)
    batch = rows.order_by("created_at", "id")[asked.nth : asked.nth + 1].first()
    # AVA had read the account's numbers a short time ago, unless it asked for them.
    has_asked = any("IncomingPhoneNumbers" in one.path for one in asked.attempts)
    before = [] if has_asked or (batch is None and len(asked.refused) > 1) else [_NUMBERS]
    if batch is None:
        parts.require_reason(asked)
        one = {"to": asked.fakes.number(_SOMEBODY), "body": "text"}
        return Repeat(Ask("POST", BULK, {"messages": [one]}), before=before, provider=TWILIO.label)
    if batch.state == Batch.State.CANCELED or (batch.state == "paused" and not batch.held_at):
        raise parts.NotRepeatable("The batch was paused or canceled, which another request did.")
    messages = list(batch.messages.order_by("place"))
    items = [{"to": asked.fakes.number(one.to), "body": fakes.text(one.body)} for one in messages]
    sent = sum(bool(one.reference) and one.status not in _NEVER_SENT for one in messages)
    return Repeat(
        Ask("POST", BULK, {"messages": items, "per_minute": max(batch.per_minute, _PACE)}),
        row=str(batch.pk),
        before=before,
        phones=[_phone(item["to"], one) for item, one in zip(items, messages, strict=True)],
        provider=TWILIO.label,
        ends=[_end(one) for one in messages if one.attempt],
        effects={"messages": sent} if sent else {},
        is_settled=batch.state == Batch.State.DONE and all(one.is_final for one in messages),
    )


def _phone(number: str, message: Message) -> dict[str, Any]:
    texts = message.status if message.status in _TROUBLES else "delivered"
    return {"to": number, "behaviour": "answer", "texts": texts}


def _end(message: Message) -> End:
    """What became of its last attempt: had Twilio taken one before it, that was the last."""
    claims = message.timeline.filter(detail__startswith=f"attempt {message.attempt}")
    asked_at = claims.values_list("at", flat=True).latest("at")
    is_done = bool(message.reference)
    error = "" if is_done else str(message.error_code or "")
    return End(asked_at.timestamp(), is_done, error)
