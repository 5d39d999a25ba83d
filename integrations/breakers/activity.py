"""Breaker events in the story of a correlation ID."""

from collections.abc import Iterator, Sequence

from django.db.models import Q

from ava import upstream
from ava.activity.sources import MOST
from ava.observability.recorder import Entry
from ava.upstream import ProviderUnavailable, is_override
from integrations.breakers.models import BreakerEvent

_STATES = {"closed": "closed", "half_open": "half open", "open": "open"}


def transitions(found: Sequence[Entry], correlation_id: str) -> Iterator[Entry]:
    """Transitions that the story caused, and those that kept it from asking a provider."""
    rows = BreakerEvent.objects.filter(correlation_id=correlation_id).order_by("at", "id")
    for row in rows[:MOST]:
        yield _entry(row)
    names = {door.service.name: door.service.label for door in upstream.doors()}
    refused = {
        one.summary.partition(" was not asked")[0]: one
        for one in reversed(found)
        if one.status == ProviderUnavailable.code
    }
    for name, first in refused.items():
        opened = _opened(names.get(name, ""), first)
        if opened is not None and opened.correlation_id != correlation_id:
            yield _entry(opened)


def _opened(provider: str, refused: Entry) -> BreakerEvent | None:
    """Transition by which the breaker that refused an operation had left closed."""
    ends = Q(from_state="closed") | Q(to_state="closed")
    last = BreakerEvent.objects.filter(ends, provider=provider, at__lte=refused.at).first()
    return last if last is not None and last.to_state == "open" else None


def _entry(row: BreakerEvent) -> Entry:
    try:
        name = upstream.door(row.provider).service.name
    except KeyError:
        name = row.provider
    # Who ordered it is the operator's business.
    why = "an operator's order" if is_override(row.reason) else row.reason
    return Entry(
        None,
        row.correlation_id,
        row.at,
        "breaker",
        f"{name}: {_STATES[row.from_state]} to {_STATES[row.to_state]}, {why}",
        row.to_state,
        row.to_state == "open",
    )
