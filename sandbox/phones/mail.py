"""Sends callbacks: those about one thing in order, unless mischief is ordered."""

import threading
from collections import Counter, deque
from collections.abc import Callable

from sandbox.phones.mischief import Mischief
from sandbox.phones.timeline import Timeline

Deliver = Callable[[], None]


class Mail:
    """Callbacks on their way. `deliver` is called in a thread of its own and may block."""

    def __init__(self, wires: Timeline) -> None:
        self.mischief = Mischief()
        self._wires = wires
        self._lock = threading.Lock()
        self._seen: Counter[str] = Counter()
        self._waiting: dict[str, deque[Deliver]] = {}

    def send(self, about: str, mark: str, deliver: Deliver) -> None:
        """Deliver one callback.

        Args:
            about: the call or message; what is sent about it arrives in order.
            mark: what decides over mischief, such as the number called and the event.
        """
        with self._lock:
            self._seen[mark] += 1
            nth = self._seen[mark]
        mischief = self.mischief
        for delay in mischief.delays(f"{mark} {nth}"):
            if mischief.shuffle or mischief.delay_ms:
                self._wires.after(delay, deliver)
            else:
                self._queue(about, deliver)

    def _queue(self, about: str, deliver: Deliver) -> None:
        with self._lock:
            line = self._waiting.get(about)
            if line is not None:
                line.append(deliver)
                return
            self._waiting[about] = deque([deliver])
        self._wires.after(0, lambda: self._deliver_next(about))

    def _deliver_next(self, about: str) -> None:
        with self._lock:
            deliver = self._waiting[about].popleft()
        try:
            deliver()
        finally:
            with self._lock:
                more = bool(self._waiting[about])
                if not more:
                    del self._waiting[about]
            if more:
                self._wires.after(0, lambda: self._deliver_next(about))
