"""Idempotency keys: a request is done once, however often it is sent."""

import hashlib
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from django.contrib.auth.models import User
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q
from django.utils import timezone

from ava.http.problems import Problem
from ava.idempotency.models import KEY_LENGTH, Request

KEPT = timedelta(hours=24)
LEASE = timedelta(seconds=60)
"""Lease of a key, longer than any request takes: after a crash the key is kept for that long."""

RETRY_AFTER = 2.0

_ROUNDS = 20

_KEY = re.compile(rf"[\x20-\x7e]{{1,{KEY_LENGTH}}}")


class KeyInvalid(Problem):
    status = HTTPStatus.BAD_REQUEST
    code = "idempotency_key_invalid"
    detail = "Idempotency-Key must be 1 to 255 printable ASCII characters, for instance a UUID."


class KeyReused(Problem):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "idempotency_key_reused"
    detail = "This Idempotency-Key was used with another body. Make a new key for a new request."


class InProgress(Problem):
    status = HTTPStatus.CONFLICT
    code = "idempotency_in_progress"
    detail = "A request with this Idempotency-Key is still under way. Ask again in a moment."


@dataclass(frozen=True)
class Reply:
    """Answer that can be given again: `body` is JSON, `replayed` says that it was given before."""

    status: int
    body: Any
    replayed: bool = False


# Does the request. Its argument is the ID of the key's row (None without a key), which it keeps
# with what it begins: called with the same one again, it goes on with that.
Act = Callable[[uuid.UUID | None], Reply]


def run(
    *, user: User, scope: str, key: str | None, body: Any, act: Act, now: datetime | None = None
) -> Reply:
    """Do a request, or answer as it was answered before, if that was within 24 hours.

    What `act` returns below 500 is kept. A `Problem` below 500 that it raises means that nothing
    was done and frees the key. After anything else, or a crash and a minute's lease, the outcome is
    open: the same request may be sent again, and is done under the same row ID.

    Args:
        scope: names the endpoint, at most 64 characters.
        key: the header as it came; None without one, and then every request is done.
        body: parsed JSON; the order of members does not matter.

    Raises: KeyInvalid, KeyReused, InProgress, and what `act` raises.
    """
    if key is None:
        return act(None)
    if not _KEY.fullmatch(key):
        raise KeyInvalid
    text = json.dumps(body, sort_keys=True, cls=DjangoJSONEncoder)
    row = _acquire(
        Request(
            user=user,
            scope=scope,
            key=key,
            fingerprint=hashlib.sha256(text.encode()).hexdigest(),
            created_at=now or timezone.now(),
        )
    )
    if row.status is not None:
        return Reply(row.status, row.body, replayed=True)
    held = Request.objects.filter(pk=row.pk, holder=row.holder)
    free = {"holder": None, "lease_until": None}
    try:
        reply = act(row.pk)
    except Exception as fault:
        if isinstance(fault, Problem) and fault.status < 500:
            held.delete()
        else:
            held.update(**free)
        raise
    answered = {"status": reply.status, "body": reply.body} if reply.status < 500 else {}
    held.update(**free, **answered)
    return reply


def _acquire(wanted: Request) -> Request:
    now = wanted.created_at
    same = Request.objects.filter(user=wanted.user, scope=wanted.scope, key=wanted.key)
    wanted.holder, wanted.lease_until = uuid.uuid4(), now + LEASE
    for _ in range(_ROUNDS):
        # The unique constraint decides between two that come at once.
        Request.objects.bulk_create([wanted], ignore_conflicts=True)
        row = same.first()
        if row is None:
            continue  # freed in between
        if row.pk == wanted.pk:
            return row
        if row.created_at <= now - KEPT:
            same.filter(pk=row.pk, created_at=row.created_at).delete()
            continue
        if row.fingerprint != wanted.fingerprint:
            raise KeyReused
        if row.status is not None:
            return row
        free = Q(lease_until=None) | Q(lease_until__lte=now)
        lease = {"holder": wanted.holder, "lease_until": wanted.lease_until}
        if not same.filter(free, pk=row.pk, status=None).update(**lease):
            break  # leased; or answered, or freed, this very moment: the next request will see
        row.holder = wanted.holder
        return row
    raise InProgress(retry_after=RETRY_AFTER)
