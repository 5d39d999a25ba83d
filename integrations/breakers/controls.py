"""The operator's orders as the server's breakers ask for them: from memory, a moment old."""

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
    """The order for this breaker, at most `ORDER_SECONDS` old; None without any.

    While the database does not answer, the last known order stays in force.
    """
    return _controls.get().get(provider)


def expire() -> None:
    """An order was just written by this process: read it at the next question."""
    _controls.expire()


def forget() -> None:
    """Know nothing, as after a start (tests)."""
    _controls.forget()
