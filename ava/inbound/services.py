"""Deliveries: stored, handled by a job, replayed, deleted; refusals."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import structlog
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone
from prometheus_client import Counter

from ava import tenant
from ava.http import correlation
from ava.http.problems import MalformedRequest
from ava.inbound import volume
from ava.inbound.limits import short_id, storable
from ava.inbound.models import ERROR_LENGTH, ID_LENGTH, Delivery, Refusal
from ava.inbound.source import InvalidSignature, Source, Verified, WebhookRequest
from ava.jobs import RetryLater
from ava.jobs.executor import describe
from ava.jobs.services import enqueue
from ava.ratelimit.window import Limit, MemoryWindow

log = structlog.get_logger("ava.inbound")

DISPATCH = "dispatch_delivery"
# Of each account, and of those that name none: noise of one hides no other's.
REFUSALS_KEPT = 100
REFUSALS_PER_MINUTE = 60
ABOUT_PROXIES = (
    "Host",
    *(f"X-Forwarded-{what}" for what in ("Proto", "Host", "Port", "Prefix", "For")),
)
WEBHOOKS = Counter(
    "ava_webhooks", "Webhooks by what became of them.", ["provider", "kind", "outcome"]
)

Handle = Callable[[Delivery], None]
handlers: dict[tuple[str, str], Handle] = {}


def register_handler(provider: str, kind: str, handle: Handle) -> None:
    """Register `handle(delivery)` for deliveries of this kind; without one they are only kept.

    It runs in a job after the webhook was acknowledged, in any order, maybe more than once: it
    must be idempotent. It may raise `ava.jobs.RetryLater`.
    """
    handlers[provider, kind] = handle


def store(
    source: Source, owner: User | None, verified: Verified, *, now: datetime
) -> tuple[Delivery, bool]:
    """Keep a delivery and have it worked through, in one transaction. Its row, and whether it is
    new: a repeated one changes nothing.
    """
    try:
        payload = storable(verified.payload)
        size = len(json.dumps(payload))
    except RecursionError as fault:
        raise MalformedRequest("The body is nested too deeply.") from fault
    handled = (source.provider, source.kind) in handlers
    row = Delivery(
        provider=source.provider,
        kind=source.kind,
        delivery_id=short_id(verified.delivery_id, ID_LENGTH),
        owner=owner,
        event=storable(verified.event)[:64],
        payload=payload,
        received_at=now,
        correlation_id=correlation.accept(verified.correlation_id or correlation.current()),
        state=Delivery.State.STORED if handled else Delivery.State.DONE,
    )
    about: dict[str, Any] = {"provider": row.provider, "owner": owner}
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            volume.add(**about, size=size, now=now, can_be_asked=verified.can_be_asked)
            if handled:
                _enqueue(row, is_new=True)
    except IntegrityError:
        # The unique constraint decides between two that come at once.
        same = Delivery.objects.filter(**about, kind=row.kind, delivery_id=row.delivery_id)
        kept = same.select_related("owner").first()
        if kept is None:
            raise  # The database has another objection.
        return kept, False
    return row, True


def dispatch(job: dict[str, Any]) -> None:
    delivery = Delivery.objects.select_related("owner").filter(pk=job["delivery"]).first()
    if delivery is None or delivery.state == Delivery.State.DONE:
        return
    row = Delivery.objects.filter(pk=delivery.pk)
    try:
        if handle := handlers.get((delivery.provider, delivery.kind)):
            handle(delivery)
    except RetryLater:
        raise
    except Exception as fault:
        row.update(state=Delivery.State.FAILED, error=describe(fault)[:ERROR_LENGTH])
        WEBHOOKS.labels(delivery.provider, delivery.kind, "failed").inc()
        raise
    row.update(state=Delivery.State.DONE, error="")


def replay(deliveries: Iterable[Delivery]) -> int:
    rows = list(deliveries)
    for delivery in rows:
        with transaction.atomic():
            Delivery.objects.filter(pk=delivery.pk).update(state=Delivery.State.STORED)
            _enqueue(delivery)
    return len(rows)


# Unproven requests must not keep the database busy.
_refusals_written = MemoryWindow(60)


def refuse(source: Source, fault: InvalidSignature, received: WebhookRequest) -> None:
    """Keep why a signature was refused, for the operator; the last few of an account."""
    log.warning("webhook refused", provider=source.provider, kind=source.kind, why=fault.reason)
    owner = fault.owner
    limit = Limit(f"{source.provider} {owner.pk if owner else '-'}", REFUSALS_PER_MINUTE)
    if not _refusals_written.hit([limit])[0].allowed:
        return
    if fault.look_closer:
        fault = fault.look_closer()
    given = received.headers
    told = {name: given[name][:200] for name in ABOUT_PROXIES if name in given}
    Refusal.objects.create(
        at=timezone.now(),
        provider=source.provider,
        kind=source.kind,
        owner=owner,
        reason=storable(fault.reason)[:ERROR_LENGTH],
        urls=storable(received.urls),
        seen=storable(fault.seen),
        told=storable(told),
        correlation_id=correlation.current(),
    )
    kept = Refusal.objects.filter(provider=source.provider, owner=owner).order_by("-pk")
    for last in kept.values_list("pk", flat=True)[REFUSALS_KEPT : REFUSALS_KEPT + 1]:
        kept.filter(pk__lte=last).delete()


def forget() -> None:
    _refusals_written.forget()


def _enqueue(delivery: Delivery, *, is_new: bool = False) -> None:
    key, owner = str(delivery.pk), tenant.key(delivery.owner_id)
    with correlation.bind(delivery.correlation_id):
        enqueue(DISPATCH, {"delivery": key}, key=key, is_new=is_new, tenant=owner)
