"""What operators want of a breaker, asked at run time: on or off, forced, reset."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from ava.upstream.states import Forced

log = structlog.get_logger("ava.upstream")


@dataclass(frozen=True, slots=True)
class Control:
    """An operator's hand on one breaker.

    Args:
        forced: hold it open or closed; None leaves it to itself.
        reset_count: a breaker that sees this number change starts again from closed.
        reason: why, for the transition's listeners.
        until: when the force ends by itself (aware); None is until told otherwise.
    """

    forced: Forced = None
    reset_count: int = 0
    reason: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Orders:
    """A control as it stands this moment. `seconds_left` of the force, None without an end."""

    forced: Forced = None
    resets: int = 0
    reason: str = ""
    seconds_left: float | None = None
    switched_off: bool = False

    @property
    def why(self) -> str:
        """The reason of the transition these orders make."""
        if self.switched_off:
            return "switched off"
        return self.because(f"forced {self.forced}" if self.forced else "no longer forced")

    def because(self, what: str) -> str:
        return f"{what}: {self.reason}" if self.reason else what

    def wait(self, otherwise: float) -> float:
        """Seconds a refused caller should wait."""
        return otherwise if self.seconds_left is None else self.seconds_left


_NO_CONTROL = Control()
_NO_ORDERS = Orders()


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Guidance:
    """Where one breaker asks for its orders. A source that fails leaves the last orders in force.

    Args:
        switch: False turns the breaker off: everything passes, nothing is recorded, it shows as
            closed. Turned on again, it starts from closed. Off beats any force.
        control: the operator's control; both are asked at each call and must be cheap.
        now: the time of day, against which a control's end is held.
    """

    switch: Callable[[], bool] = lambda: True
    control: Callable[[], Control | None] = lambda: None
    now: Callable[[], datetime] = _now
    _last: Orders = Orders()

    def orders(self) -> Orders:
        try:
            self._last = self._ask()
        except Exception:
            log.exception("breaker guidance could not be read")
        return self._last

    def _ask(self) -> Orders:
        control = self.control() or _NO_CONTROL
        if not self.switch():
            return Orders("closed", control.reset_count, control.reason, switched_off=True)
        if control is _NO_CONTROL:
            return _NO_ORDERS
        if control.forced is None:
            return Orders(None, control.reset_count, control.reason)
        left = (control.until - self.now()).total_seconds() if control.until else None
        if left is not None and left <= 0:
            return Orders(None, control.reset_count, "the force has ended")
        return Orders(control.forced, control.reset_count, control.reason, left)
