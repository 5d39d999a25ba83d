"""Faults that were ordered: which one strikes a request, and for how long it lasts."""

import dataclasses
import itertools
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sandbox.ordering import parse_order
from sandbox.wire import Headers


@dataclass(frozen=True)
class Fault:
    """One ordered fault. `delay_ms` is in milliseconds; `count` None means for ever."""

    id: int
    provider: str
    kind: str
    status: int = 500
    headers: Headers = field(default_factory=dict)
    when: str = "before"
    delay_ms: int = 0
    count: int | None = None
    match: str | None = None

    def matches(self, provider: str, method: str, path: str) -> bool:
        """Whether it is meant for this request; `path` without the provider's prefix."""
        if provider != self.provider:
            return False
        if self.match is None:
            return True
        wanted_method, wanted_path = self.match.split(" ", 1)
        return method == wanted_method and path.startswith(wanted_path)


@dataclass(frozen=True)
class Strike:
    """A fault that hit one request: the `number`th it hit, until `lifted` is set."""

    fault: Fault
    number: int
    lifted: threading.Event


class Faults:
    """The queue of ordered faults. The oldest that matches strikes until its count is used up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._queue: dict[int, Fault] = {}
        self._struck: Counter[int] = Counter()
        self._lifted = threading.Event()

    def add(self, provider: str, kind: str, **rest: Any) -> Fault:
        """Order a fault; arguments as in `POST /_sandbox/faults`.

        Raises: OrderError with a sentence that says what is wrong.
        """
        return self.order({"provider": provider, "kind": kind, **rest})

    def order(self, fields: dict[str, Any]) -> Fault:
        """`add` for fields that come from outside. Raises: OrderError."""
        checked = parse_order(fields)
        with self._lock:
            fault = Fault(id=next(self._ids), **checked)
            self._queue[fault.id] = fault
        return fault

    def strike(self, provider: str, method: str, path: str) -> Strike | None:
        """The fault that hits this request, if any; uses up one of its count."""
        with self._lock:
            for fault in self._queue.values():
                if fault.matches(provider, method, path):
                    self._struck[fault.id] += 1
                    number = self._struck[fault.id]
                    if number == fault.count:
                        del self._queue[fault.id]
                    return Strike(fault, number, self._lifted)
        return None

    def pending(self) -> list[dict[str, Any]]:
        """The faults still to come, oldest first, each with how often it `struck`."""
        with self._lock:
            return [
                dataclasses.asdict(fault) | {"struck": self._struck[fault.id]}
                for fault in self._queue.values()
            ]

    def clear(self) -> None:
        """Forget all faults and let go of every request that one of them still holds."""
        with self._lock:
            self._queue.clear()
            self._lifted.set()
            self._lifted = threading.Event()

    def reset(self) -> None:
        """Clear, and number from one again."""
        self.clear()
        with self._lock:
            self._ids = itertools.count(1)
            self._struck.clear()
