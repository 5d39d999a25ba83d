"""Deliveries: stored within a daily volume, handled by a job, replayed; refusals."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from prometheus_client import Counter

from ava import tenant
from ava.backup.holding import Restored
from ava.http import correlation
from ava.http.problems import MalformedRequest, Problem
from ava.inbound.limits import short_id, storable
from ava.inbound.models import ERROR_LENGTH, ID_LENGTH, Delivery, Refusal, Volume
from ava.inbound.source import InvalidSignature, Source, Verified, WebhookRequest
from ava.jobs import RetryLater
from ava.jobs.executor import describe
from ava.jobs.services import enqueue
from ava.ratelimit.window import Limit, MemoryWindow
from ava.repeats import Repeats

log = structlog.get_logger("ava.inbound")

DISPATCH = "dispatch_delivery"
# Of each account, and of those that name none: a flood to one pushes out no other's.
REFUSALS_KEPT = 100
REFUSALS_PER_MINUTE = 60
ABOUT_PROXIES = (
    "Host",
    *(f"X-Forwarded-{what}" for what in ("Proto", "Host", "Port", "Prefix", "For")),
)
WEBHOOKS = Counter(
    "ava_webhooks", "Webhooks by what became of them.", ["provider", "kind", "outcome"]
)
# Bytes that a delivery takes besides its payload: its row, the indexes, its job.
OVERHEAD = 1024
MIB = 1024 * 1024
_WARNED_FROM = 0.9
# Of a day, for what AVA can ask for as well.
_SHARE_OF_WHAT_CAN_BE_ASKED = 0.75

Handle = Callable[[Delivery], None]
handlers: dict[tuple[str, str], Handle] = {}


class WebhooksSpent(Problem):
    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "webhooks_spent"
    detail = (
        "AVA keeps no more webhooks of this account today. It takes them again after midnight, UTC."
    )


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
            _add_volume(**about, size=size, now=now, can_be_asked=verified.can_be_asked)
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


def _add_volume(
    *, provider: str, owner: User | None, size: int, now: datetime, can_be_asked: bool
) -> None:
    """Count a delivery that is about to be kept, in its transaction. Raises: WebhooksSpent."""
    today = now.astimezone(UTC)
    account: dict[str, Any] = {"day": today.date(), "provider": provider, "owner": owner}
    size += OVERHEAD
    most = int(_most() * _SHARE_OF_WHAT_CAN_BE_ASKED) if can_be_asked else _most()
    fitting = Volume.objects.filter(**account, size__lte=most - size)
    counted = {"size": F("size") + size, "deliveries": F("deliveries") + 1}
    if fitting.update(**counted):
        return
    # The first one of a day, or one of several first ones.
    Volume.objects.bulk_create([Volume(**account)], ignore_conflicts=True)
    if not fitting.update(**counted):
        midnight = today.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        raise WebhooksSpent(retry_after=(midnight - now).total_seconds())


def warnings_of_volume(*, provider: str, name: str, owner: User, now: datetime) -> list[str]:
    """Sentences for the user when their day is nearly used up; `name` is the provider's there."""
    day = now.astimezone(UTC).date()
    today = Volume.objects.filter(day=day, provider=provider, owner=owner).first()
    if today is None or today.size < _WARNED_FROM * _most():
        return []
    return [
        f"Webhooks of {name} have used {100 * today.size // _most()} % of the "
        f"{_most() // MIB} MiB that AVA keeps of them in a day. What does not fit any more is "
        "refused until midnight, UTC."
    ]


def _most() -> int:
    return int(settings.WEBHOOK_MIB_PER_DAY) * MIB


def hold(restored: Restored) -> int:
    """Leave what a backup had stored and not handled: its mails and bookings may have been made."""
    return Delivery.objects.filter(state=Delivery.State.STORED).update(
        state=Delivery.State.FAILED,
        error=f"{restored.reason} It was not handled; replay_deliveries does so.",
    )


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


# Nor fill the log: each has its line as a request.
_refused = Repeats()
# Unproven requests must not keep the database busy.
_refusals_written = MemoryWindow(60)


def refuse(source: Source, fault: InvalidSignature, received: WebhookRequest) -> None:
    """Keep why a signature was refused, for the operator; the last few of an account."""
    place = {"provider": source.provider, "kind": source.kind}
    left_out = _refused.left_out((source.provider, source.kind))
    if left_out is not None:
        log.warning("webhook refused", **place, why=fault.reason, left_out=left_out)
    owner = fault.owner
    limit = Limit(f"{source.provider} {owner.pk if owner else '-'}", REFUSALS_PER_MINUTE)
    if not _refusals_written.hit([limit])[0].allowed:
        return
    if fault.look_closer:
        fault = fault.look_closer()
    given = received.headers
    forwarded = {name: given[name][:200] for name in ABOUT_PROXIES if name in given}
    Refusal.objects.create(
        at=timezone.now(),
        provider=source.provider,
        kind=source.kind,
        owner=owner,
        reason=storable(fault.reason)[:ERROR_LENGTH],
        urls=storable(received.urls),
        seen=storable(fault.seen),
        told=storable(forwarded),
        correlation_id=correlation.current(),
    )
    kept = Refusal.objects.filter(provider=source.provider, owner=owner).order_by("-pk")
    for last in kept.values_list("pk", flat=True)[REFUSALS_KEPT : REFUSALS_KEPT + 1]:
        kept.filter(pk__lte=last).delete()


def forget() -> None:
    _refusals_written.forget()
    _refused.forget()


def _enqueue(delivery: Delivery, *, is_new: bool = False) -> None:
    key, owner = str(delivery.pk), tenant.key(delivery.owner_id)
    with correlation.bind(delivery.correlation_id):
        enqueue(DISPATCH, {"delivery": key}, key=key, is_new=is_new, tenant=owner)
