"""Webhooks of Resend: verification as by Svix, and the event that a body tells.

https://resend.com/docs/webhooks/event-types, https://docs.svix.com/receiving/verifying-payloads/how
"""

import binascii
from collections.abc import Mapping
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpResponse

from ava.http.problems import MalformedRequest
from ava.inbound.limits import TEXT, cut, cut_json
from ava.inbound.models import Delivery
from ava.inbound.source import InvalidSignature, Proof, Verified, WebhookRequest
from ava.upstream import parse_json
from integrations.credentials import webhook_accounts
from integrations.email import events
from integrations.email.models import REFERENCE_LENGTH
from integrations.email.resend import RESEND, TAG

KIND = "events"
_HEADERS = ("svix-id", "svix-timestamp", "svix-signature")


class ResendSource:
    """POST /webhooks/resend"""

    provider = RESEND.label
    kind = KIND

    def verify(self, received: WebhookRequest) -> Proof:
        """User whose secret proves the delivery. Raises: InvalidSignature, MalformedRequest."""
        given = {name: received.headers.get(name, "") for name in _HEADERS}
        if not all(given.values()):
            raise InvalidSignature("There is no signature.")
        _require_well_formed(given)

        def complaint(fields: Mapping[str, str]) -> str | None:
            return _complaint(fields["webhook_secret"], given, received.raw)

        user = webhook_accounts.proven(received.query, provider=RESEND.label, complaint=complaint)
        return user, partial(_verified, user, given["svix-id"], received.raw)

    def reply(self, delivery: Delivery) -> HttpResponse | None:
        return None


def handle(delivery: Delivery) -> None:
    """Apply a stored event."""
    assert delivery.owner is not None  # noqa: S101 - `verify` names one
    events.apply(delivery.owner, delivery.payload, now=delivery.received_at)


def _require_well_formed(given: Mapping[str, str]) -> None:
    """Raises MalformedRequest for headers that no secret could have signed."""
    try:
        float(given["svix-timestamp"])
        for part in given["svix-signature"].split(" "):
            version, signature = part.split(",")
            if version == "v1":
                binascii.a2b_base64(signature.encode("ascii"), strict_mode=True)
    except ValueError:
        raise MalformedRequest("The signature's headers could not be read.") from None


def _complaint(secret: str, given: Mapping[str, str], raw: bytes) -> str | None:
    from standardwebhooks import Webhook, WebhookVerificationError
    from standardwebhooks.webhooks import EmptyWebhookSecretError

    headers = {f"webhook-{name.removeprefix('svix-')}": value for name, value in given.items()}
    try:
        Webhook(secret).verify(raw, headers, json_parse=False)
    except (binascii.Error, EmptyWebhookSecretError):
        return "The webhook_secret that is stored is none of Resend's, which begin with whsec_."
    except (WebhookVerificationError, ValueError) as fault:
        late = "too old" in str(fault) or "too new" in str(fault)
        return (
            "The timestamp is more than five minutes away." if late else "The signature is wrong."
        )
    return None


def _verified(owner: User, delivery_id: str, raw: bytes) -> Verified:
    """The content of a delivery. Raises: MalformedRequest."""
    try:
        body = parse_json(raw)
    except ValueError:
        raise MalformedRequest("The body is no JSON.") from None
    kind, data = (body.get("type"), body.get("data")) if isinstance(body, dict) else (None, None)
    if not isinstance(kind, str) or not isinstance(data, dict):
        raise MalformedRequest("The body holds no event with data.")
    return Verified(
        delivery_id=f"{owner.pk}:{delivery_id}",
        event=kind.removeprefix("email."),
        payload={
            "type": cut(kind, TEXT),
            "mail": cut(str(data.get("email_id") or ""), REFERENCE_LENGTH),
            "row": cut(_tag(data.get("tags")), TEXT),
            "to": _addresses(data.get("to")),
            "bounce": _text(data.get("bounce"), "type"),
            "diagnoses": _diagnoses(data),
            "detail": _detail(data),
            "raw": cut_json(body),
        },
        keep=kind in events.KEPT,
    )


def _tag(tags: Any) -> str:
    """AVA's mark, by which a mail is found whose ID at Resend is not known yet."""
    if isinstance(tags, dict):
        return str(tags.get(TAG) or "")
    pairs = tags if isinstance(tags, list) else []
    return next((str(one.get("value")) for one in pairs if _text(one, "name") == TAG), "")


def _addresses(to: Any) -> list[str]:
    listed = to if isinstance(to, list) else [to]
    return [cut(one, 320) for one in listed[:50] if isinstance(one, str)]


def _diagnoses(data: Mapping[str, Any]) -> int:
    """The mail servers' answers that an event holds: one for each recipient that it is about."""
    for name in ("bounce", "suppressed"):
        part = data.get(name)
        found = part.get("diagnosticCode") if isinstance(part, dict) else None
        if isinstance(found, list):
            return len(found)
    return 0


def _detail(data: Mapping[str, Any]) -> str:
    """The provider's words for people."""
    for name, member in (("bounce", "message"), ("suppressed", "message"), ("failed", "reason")):
        if found := _text(data.get(name), member):
            return cut(found, 400)
    return ""


def _text(value: Any, name: str) -> str:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""
