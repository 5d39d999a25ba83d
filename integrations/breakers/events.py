"""Breaker events: a row for each change of state, written where it happens.

Written at once, in the thread of the request that caused it, in a savepoint of its own: rows
appear in the order of the changes, and a database in trouble costs the row (the log still has
it), never the call. The price: a provider that is called inside a transaction loses its event
when that transaction rolls back. AVA calls no provider inside a transaction, which would also
hold SQLite's one write lock for as long as the provider likes.
"""

from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import Model, QuerySet

from ava.jobs.pruning import delete_in_batches
from ava.upstream import Transition, is_override
from integrations.breakers.models import BreakerEvent

log = structlog.get_logger("integrations.breakers")


def record(transition: Transition) -> None:
    """Store a transition, except one that carries out an override: its row was written with the
    override.

    Never raises: it runs inside a provider call.
    """
    if is_override(transition.reason):
        return
    try:
        with transaction.atomic():
            BreakerEvent.objects.create(
                provider=transition.service,
                from_state=transition.from_state,
                to_state=transition.to_state,
                reason=transition.reason[:400],
                correlation_id=transition.correlation_id,
                at=transition.at,
            )
    except Exception:  # Whatever the database has, the call that changed the state must go on.
        log.exception(
            "breaker event not stored",
            provider=transition.service,
            from_state=transition.from_state,
            to_state=transition.to_state,
            reason=transition.reason,
        )


def prune(before: datetime, dry_run: bool) -> int:
    """Delete the events before this moment, and return their number."""
    rows: QuerySet[Model] = BreakerEvent.objects.filter(at__lt=before)
    return delete_in_batches(rows, dry_run=dry_run)
