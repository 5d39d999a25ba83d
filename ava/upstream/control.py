"""What operators want of a breaker, asked at run time: on or off, forced, reset."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from ava.upstream.circuit import Forced, Order

log = structlog.get_logger("ava.upstream")

ORDER_SECONDS = 0.08
"""How old the orders may be that a source tells: they are to reach every worker within 0.1 s."""

_RESET = "reset"
_FORCED = "forced"


@dataclass(frozen=True, slots=True)
class Control:
    """The last order an operator has given to one breaker.

    Args:
        number: higher than that of every order before it, from 1 on.
        forced: hold it open or closed; None is a reset.
        reason: why, for the transition's listeners.
        until: when the force ends by itself (aware); None is with the next order.
    """

    number: int
    forced: Forced = None
    reason: str = ""
    until: datetime | None = None

    def order(self, now: datetime) -> Order:
        """This order as it stands now."""
        seconds = (self.until - now).total_seconds() if self.until else None
        what = f"{_FORCED} {self.forced}" if self.forced else _RESET
        reason = f"{what}: {self.reason}" if self.reason else what
        return Order(self.number, self.forced, seconds, reason)


def is_ordered(reason: str) -> bool:
    """Whether a transition with this reason is an operator's order taking effect."""
    return reason.startswith((_RESET, _FORCED))


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Guidance:
    """Where one breaker asks for its orders. A source that fails leaves the last word standing.

    Args:
        switch: False turns the breaker off: everything passes, nothing is recorded, it shows as
            closed. Turned on again, it starts from closed. Off beats any force.
        control: the operator's last order; both are asked at each call and must be cheap.
        now: the time of day, against which a control's end is held.
    """

    switch: Callable[[], bool] = lambda: True
    control: Callable[[], Control | None] = lambda: None
    now: Callable[[], datetime] = _now
    _on: bool = True
    _control: Control | None = None

    def is_on(self) -> bool:
        """Whether the breaker is to work at all."""
        try:
            self._on = self.switch()
        except Exception:
            log.exception("breaker switch could not be read")
        return self._on

    def order(self, after: int) -> Order | None:
        """The operator's last order; None when its number is not above `after`."""
        try:
            self._control = self.control()
        except Exception:
            log.exception("breaker orders could not be read")
        control = self._control
        if control is None or control.number <= after:
            return None
        return control.order(self.now())
