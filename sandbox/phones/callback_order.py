"""Order of callbacks, as set: each waits for its turn, and what the order does not name is lost."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from sandbox.control_input import Check, InvalidInputError, parse_fields, whole
from sandbox.phones.scheduler import Scheduler

Deliver = Callable[[], None]


def _event(value: Any) -> str | None:
    good = isinstance(value, str) and 0 < len(value) <= 64
    return None if good else "must be the name of an event, such as ringing or delivered"


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


_FIELDS: dict[str, Check] = {
    "event": _event,
    "after_ms": whole(0, 3_600_000),
    "after_read": _flag,
}


@dataclass(frozen=True)
class Turn:
    """One callback's turn: its event, how long after the one before it leaves, and whether the app
    must have read something at a provider since the event."""

    event: str
    after_ms: int = 0
    after_read: bool = False

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """From JSON. Raises: InvalidInputError."""
        try:
            return cls(**parse_fields(value, _FIELDS, required=("event",)))
        except InvalidInputError as error:
            raise InvalidInputError(f"In order: {error}") from None


class CallbackOrder:
    """Callbacks by their turns. One leaves when the one before it has been answered."""

    def __init__(self, turns: list[Turn], senders: Scheduler) -> None:
        self._turns = deque(turns)
        self.events = frozenset(turn.event for turn in turns)
        self._senders = senders
        self._lock = threading.Lock()
        self._waiting: dict[str, deque[tuple[int, Deliver]]] = {}
        self._reads = 0
        self._under_way = False

    def send(self, event: str, deliver: Deliver) -> None:
        """Deliver a callback when its turn comes."""
        with self._lock:
            self._waiting.setdefault(event, deque()).append((self._reads, deliver))
            self._next()

    def read(self) -> None:
        """The app has read something."""
        with self._lock:
            self._reads += 1
            self._next()

    def _next(self) -> None:
        if self._under_way or not self._turns:
            return
        waiting = self._waiting.get(self._turns[0].event)
        if not waiting or (self._turns[0].after_read and waiting[0][0] == self._reads):
            return
        turn, (_, deliver) = self._turns.popleft(), waiting.popleft()
        self._under_way = True
        self._senders.after(turn.after_ms / 1000, lambda: self._deliver(deliver))

    def _deliver(self, deliver: Deliver) -> None:
        try:
            deliver()
        finally:
            with self._lock:
                self._under_way = False
                self._next()
