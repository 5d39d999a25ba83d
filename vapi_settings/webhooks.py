"""Webhooks of Vapi (https://docs.vapi.ai/server-url/events): owner, content to keep, answer."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import structlog
from django.contrib.auth.models import User
from django.http import HttpResponse, JsonResponse
from django.utils import timezone

from ava.http.problems import MalformedRequest, Problem
from ava.inbound.models import Delivery
from ava.inbound.source import Proof, Verified, WebhookRequest
from ava.upstream import parse_json
from integrations.credentials import webhook_accounts
from vapi_settings import reporting
from vapi_settings.account import account_of
from vapi_settings.calls import events, tools
from vapi_settings.calls.events import VapiEvent
from vapi_settings.calls.reply_deadline import ReplyDeadline
from vapi_settings.calls.services import CORRELATION_MARK
from vapi_settings.errors import VAPI
from vapi_settings.reads import AssistantRead

log = structlog.get_logger("vapi_settings")

KIND = "events"
# The report at the end of a long call holds the transcript three times.
LARGEST = 8 * 1024 * 1024
NOBODY_THERE = "I am sorry, nobody can take your call right now. Please call again later."

Listener = Callable[[VapiEvent], None]

_listeners: list[Listener] = []


def register_listener(listener: Listener) -> None:
    """Register `listener` for reports on calls: run in a job, in any order, and again where one of
    the listeners raises."""
    _listeners.append(listener)


class VapiSource:
    """POST /webhooks/vapi"""

    provider = VAPI.label
    kind = KIND

    def verify(self, received: WebhookRequest) -> Proof:
        """User whose secret proves the delivery. Raises: InvalidSignature."""

        def complaint(fields: Mapping[str, str]) -> str | None:
            return reporting.complaint(fields, received.headers, received.raw, now=timezone.now())

        user = webhook_accounts.proven(received.query, provider=VAPI.label, complaint=complaint)
        return user, partial(_verified, user, received.raw)

    def reply(self, delivery: Delivery) -> HttpResponse | None:
        """The answer that the call waits for; a repeated question gets one, too."""
        assert delivery.owner is not None  # noqa: S101 - `verify` names one
        match delivery.event:
            case events.TOOL_CALLS:
                call_id = events.call_id(delivery.payload)
                asked = delivery.payload.get("toolCallList", [])
                return JsonResponse({"results": tools.results(delivery.owner, call_id, asked)})
            case events.ASSISTANT_REQUEST:
                choose = partial(_chosen, delivery.owner)
                chosen = ReplyDeadline(delivery.owner).run(choose, {"error": NOBODY_THERE})
                return JsonResponse(chosen)
            case _:
                return None


def handle(delivery: Delivery) -> None:
    """Hand a stored report to the listeners."""
    if delivery.event not in (events.STATUS_UPDATE, events.END_OF_CALL_REPORT):
        return
    assert delivery.owner is not None  # noqa: S101 - `verify` names one
    event = events.read(delivery.owner, delivery.payload, received_at=delivery.received_at)
    if event.id:
        for listener in _listeners:
            listener(event)


def _verified(owner: User, raw: bytes) -> Verified:
    """The content of a delivery. Raises: MalformedRequest."""
    message = _message(raw)
    kept = events.kept(message)
    return Verified(
        delivery_id=f"{owner.pk}:{events.identity(message, raw)}",
        event=kept["type"],
        payload=kept,
        correlation_id=events.marks(message).get(CORRELATION_MARK),
        keep=kept["type"] in events.KEPT_TYPES,
    )


def _message(raw: bytes) -> dict[str, Any]:
    try:
        body = parse_json(raw)
    except ValueError:
        raise MalformedRequest("The body is no JSON.") from None
    message = body.get("message") if isinstance(body, dict) else None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise MalformedRequest("The body holds no message with a type.")
    return message


def _chosen(owner: User) -> dict[str, str]:
    """Assistant for an incoming call: the user's default assistant, else the only one."""
    try:
        account = account_of(owner)
        # Vapi knows whether it still exists; asking would only cost the caller's time.
        chosen = account.default_assistant_id or AssistantRead(account).chosen_id(None)
    except Problem as problem:
        log.warning("no assistant for an incoming call", code=problem.code)
        return {"error": NOBODY_THERE}
    return {"assistantId": chosen}
