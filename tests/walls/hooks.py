"""Every webhook that Eve can send, with Ada's IDs in each place where an ID can stand."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from tests.walls.tenants import ADAS, EVES
from tests.walls.world import DESK, OURS, PEOPLE, TRACE, World, spoken
from vapi_settings.tests.hooking import FILES


@dataclass(frozen=True)
class TwilioHook:
    """One of Twilio's webhooks.

    Args:
        sid, status: the fields that name what it is about, and how that stands.
        told: the statuses that are sent, in this order.
    """

    sid: str
    status: str
    told: tuple[str, ...]


TWILIO = {
    "voice": TwilioHook("CallSid", "CallStatus", ("ringing", "in-progress")),
    "dial-status": TwilioHook("CallSid", "DialCallStatus", ("completed", "no-answer")),
    "call-status": TwilioHook("CallSid", "CallStatus", ("in-progress", "busy", "completed")),
    "message-status": TwilioHook("MessageSid", "MessageStatus", ("sent", "failed", "delivered")),
    "message": TwilioHook("MessageSid", "SmsStatus", ("received",)),
}
VAPI = tuple(sorted(FILES))
"""The kinds of Vapi's messages, as files of payloads."""

Place = Callable[[World, str], Iterator[Any]]


def own_account(world: World, kind: str) -> Iterator[Any]:
    """Eve's own account, at her own address and at the one without an account, with Ada's SIDs."""
    for fields in _forms(world, kind):
        yield world.eve.twilio(kind, fields)
        yield world.eve.twilio(kind, fields, account="")


def stored_account(world: World, kind: str) -> Iterator[Any]:
    """Ada's account SID, stored with Eve's token."""
    store_her_account(world)
    for fields in _forms(world, kind):
        yield world.eve.twilio(kind, fields, account_sid=ADAS.account_sid)
        yield world.eve.twilio(kind, fields, account_sid=ADAS.account_sid, account="")


def marks_of_stored_account(world: World, kind: str) -> Iterator[Any]:
    """Likewise, with the marks of Ada's rows."""
    store_her_account(world)
    about = "call" if TWILIO[kind].sid == "CallSid" else "message"
    own, others = _marks(world, about), _marks(world, *{"call", "message"} - {about})
    for number, fields in enumerate(_forms(world, kind)):
        # A mark of the other kind is no mark here, whatever else a form says.
        for mark in own if number else [*own, *others]:
            yield world.eve.twilio(kind, fields, account_sid=ADAS.account_sid, query=mark)


def forged(world: World, kind: str) -> Iterator[Any]:
    """What proves nothing: Ada's account, her address or her marks, signed with Eve's token."""
    for fields in list(_forms(world, kind))[:2]:
        yield world.eve.twilio(kind, fields, account_sid=ADAS.account_sid)
        for account_sid in (ADAS.account_sid, EVES.account_sid):
            hers = {"account": world.ids["twilio_account"], "account_sid": account_sid}
            yield world.eve.twilio(kind, fields, **hers)
            for mark in _marks(world):
                yield world.eve.twilio(kind, fields, query=mark, **hers)
        for mark in _marks(world):
            yield world.eve.twilio(kind, fields, query=mark)


def store_her_account(world: World) -> None:
    """Eve stores Ada's account SID with a token of her own. AVA cannot know better."""
    values = {"account_sid": ADAS.account_sid, "auth_token": EVES.auth_token}
    answer = world.eve.call("PUT", "/integrations/twilio/credentials", values)
    assert answer.status_code == 200, answer.content


def _forms(world: World, kind: str) -> Iterator[dict[str, str]]:
    hook = TWILIO[kind]
    is_call = hook.sid == "CallSid"
    person = PEOPLE["caller" if is_call else "stopped"]
    for sid in world.call_sids if is_call else world.message_sids:
        for status in hook.told:
            fields = {hook.sid: sid, hook.status: status, "From": person, "To": OURS}
            yield fields | {"Body": "START", "CallDuration": "99", "ErrorCode": "30003"}


def _marks(world: World, *kinds: str) -> list[str]:
    """Marks of Ada's rows of these kinds, or of all."""
    marked = {"call": ("running", "lost", "guessed"), "message": ("text_lost",)}
    return [
        f"{kind}={world.ids[name]}&attempt=1" for kind in kinds or marked for name in marked[kind]
    ]


def call_id(world: World, kind: str) -> Iterator[Any]:
    """The ID of Ada's call at Vapi."""
    for name in ("talking", "vapi_lost", "talked"):
        yield _message(kind, id=world.ids[f"{name}_vapi"], type="outboundPhoneCall")


def call_id_of_one_that_comes_in(world: World, kind: str) -> Iterator[Any]:
    """Likewise, as if somebody had called."""
    for name in ("talking", "vapi_lost", "talked"):
        yield _message(kind, id=world.ids[f"{name}_vapi"], type="inboundPhoneCall")


def mark(world: World, kind: str) -> Iterator[Any]:
    """AVA's mark of Ada's row, on a call of Eve's and on Ada's own."""
    for name in ("talking", "vapi_lost", "lost", "running", "guessed"):
        row = {"assistantOverrides": {"metadata": {"ava_call": world.ids[name]}}}
        yield _message(kind, id=f"eve-{name}", **row)
        if vapi := world.ids.get(f"{name}_vapi"):
            yield _message(kind, id=vapi, **row)


def leg(world: World, kind: str) -> Iterator[Any]:
    """Twilio's name for Ada's call, as the leg of one of Eve's."""
    for number, sid in enumerate([*world.call_sids, world.ids["talking_sid"]]):
        more = {"type": "inboundPhoneCall", "transport": {"callSid": sid}}
        yield _message(kind, id=f"eve-leg-{number}", phoneCallProviderId=sid, **more)


def caller(world: World, kind: str) -> Iterator[Any]:
    """The caller, the number and the time of a call that waits for Vapi's word."""
    yield _message(
        kind,
        id="eve-caller",
        type="inboundPhoneCall",
        phoneNumberId=DESK,
        createdAt=timezone.now().isoformat(),
        customer={"number": PEOPLE["caller"]},
    )


def _message(kind: str, **call: Any) -> dict[str, Any]:
    message = spoken(kind)
    message["call"] |= {"phoneCallProviderId": None, **call}
    message["call"].setdefault("assistantOverrides", {})
    trace = {"ava_correlation_id": TRACE}
    metadata = call.get("assistantOverrides", {}).get("metadata", {})
    message["call"]["assistantOverrides"] = {"metadata": trace | metadata}
    message["customer"] = call.get("customer", {"number": PEOPLE["talking"]})
    message["toolCallList"] = message.get("toolCallList", [])
    return message


TWILIO_PLACES: tuple[Place, ...] = (own_account, stored_account, marks_of_stored_account)
VAPI_PLACES: tuple[Place, ...] = (call_id, call_id_of_one_that_comes_in, mark, leg, caller)
