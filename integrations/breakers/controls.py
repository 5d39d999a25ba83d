"""Operator overrides for the server's breakers, from memory, a moment old."""

from collections.abc import Mapping

from ava.cache.stale_on_error import StaleOnErrorCache
from ava.upstream import ORDER_SECONDS, Control
from integrations.breakers.models import BreakerControl


def _read() -> Mapping[str, Control]:
    return {
        row.provider: Control(
            number=row.number,
            forced="open" if row.forced == "open" else "closed" if row.forced else None,
            reason=row.reason,
            until=row.until,
        )
        for row in BreakerControl.objects.all()
    }


_controls: StaleOnErrorCache[Mapping[str, Control]] = StaleOnErrorCache(
    "breaker controls", _read, {}, seconds=ORDER_SECONDS
)


def control_of(provider: str) -> Control | None:
    """Override of this breaker, at most `ORDER_SECONDS` old; None without any.

    While the database does not answer, the last known one stays in force.
    """
    return _controls.get().get(provider)


def expire() -> None:
    """Read anew at the next question: this process has just written an override."""
    _controls.expire()


def forget() -> None:
    """Forget the copy, as after a start (tests)."""
    _controls.forget()
