"""Fault queue: which fault applies to a request, and how often."""

import dataclasses
import itertools
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sandbox.control_input import parse_fault
from sandbox.wire import Headers


@dataclass(frozen=True)
class Fault:
    """One fault from the control plane. `count` None: for every request that matches."""

    id: int
    provider: str
    kind: str
    status: int = 500
    headers: Headers = field(default_factory=dict)
    when: str = "before"
    delay_ms: int = 0
    count: int | None = None
    match: str | None = None
    error: str = ""

    def matches(self, provider: str, method: str, path: str) -> bool:
        """Whether it applies to a request; `path` without the provider's prefix."""
        if provider != self.provider:
            return False
        if self.match is None:
            return True
        wanted_method, wanted_path = self.match.split(" ", 1)
        return method == wanted_method and path.startswith(wanted_path)


@dataclass(frozen=True)
class ActiveFault:
    """A fault applied to one request, its `hit`th, until `removed` is set."""

    fault: Fault
    hit: int
    removed: threading.Event


class Faults:
    """Queue of faults. The oldest that matches applies, until its count is used up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._queue: dict[int, Fault] = {}
        self._hits: Counter[int] = Counter()
        self._removed = threading.Event()

    def add(self, provider: str, kind: str, **rest: Any) -> Fault:
        """Add a fault; arguments as in `POST /_sandbox/faults`.

        Raises: InvalidInputError with a sentence that says what is wrong.
        """
        return self.add_from_json({"provider": provider, "kind": kind, **rest})

    def add_from_json(self, fields: dict[str, Any]) -> Fault:
        """Add a fault from the control plane. Raises: InvalidInputError."""
        checked = parse_fault(fields)
        with self._lock:
            fault = Fault(id=next(self._ids), **checked)
            self._queue[fault.id] = fault
        return fault

    def take(self, provider: str, method: str, path: str) -> ActiveFault | None:
        """The fault that applies to a request, if any; uses up one of its count."""
        with self._lock:
            for fault in self._queue.values():
                if fault.matches(provider, method, path):
                    self._hits[fault.id] += 1
                    hit = self._hits[fault.id]
                    if hit == fault.count:
                        del self._queue[fault.id]
                    return ActiveFault(fault, hit, self._removed)
        return None

    def pending(self) -> list[dict[str, Any]]:
        """Faults still in the queue, oldest first, each with how often it `struck`."""
        with self._lock:
            return [
                dataclasses.asdict(fault) | {"struck": self._hits[fault.id]}
                for fault in self._queue.values()
            ]

    def clear(self) -> None:
        """Remove all faults and release every request that one of them still holds."""
        with self._lock:
            self._queue.clear()
            self._removed.set()
            self._removed = threading.Event()

    def reset(self) -> None:
        """Clear, and number from one again."""
        self.clear()
        with self._lock:
            self._ids = itertools.count(1)
            self._hits.clear()
