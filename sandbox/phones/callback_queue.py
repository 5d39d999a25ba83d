"""Queue of callbacks: those about one call or message leave in order, unless faults are set."""

import threading
from collections import Counter, deque
from collections.abc import Callable

from sandbox.phones.callback_faults import CallbackFaults
from sandbox.phones.callback_order import CallbackOrder
from sandbox.phones.scheduler import Scheduler

Deliver = Callable[[], None]


class CallbackQueue:
    """Callbacks to be sent. `deliver` is called in a thread of its own and may block."""

    def __init__(self, senders: Scheduler) -> None:
        self.faults = CallbackFaults()
        self._order: CallbackOrder | None = None
        self._senders = senders
        self._lock = threading.Lock()
        self._seen: Counter[str] = Counter()
        self._waiting: dict[str, deque[Deliver]] = {}

    def set_faults(self, faults: CallbackFaults) -> None:
        """Set the faults, or the order, of the callbacks to come."""
        self.faults = faults
        turns = faults.order
        self._order = None if turns is None else CallbackOrder(turns, self._senders)

    def send(self, about: str, mark: str, deliver: Deliver) -> None:
        """Deliver one callback.

        Args:
            about: the call or message; what is sent about it arrives in order.
            mark: what faults are decided by, such as the number called and, last, the event.
        """
        if self._order:
            event = mark if mark in self._order.events else mark.rpartition(" ")[2]
            self._order.send(event, deliver)
            return
        with self._lock:
            self._seen[mark] += 1
            nth = self._seen[mark]
        faults = self.faults
        for delay in faults.delays(f"{mark} {nth}"):
            if faults.shuffle or faults.delay_ms:
                self._senders.after(delay, deliver)
            else:
                self._queue(about, deliver)

    def read(self) -> None:
        """The app has read something at a provider."""
        if self._order:
            self._order.read()

    def ask(self, event: str, ask: Deliver) -> None:
        """Ask an app something: at its turn where an order names it, else at once."""
        if self._order and event in self._order.events:
            self._order.send(event, ask)
        else:
            self._senders.after(0, ask)

    def _queue(self, about: str, deliver: Deliver) -> None:
        with self._lock:
            waiting = self._waiting.get(about)
            if waiting is not None:
                waiting.append(deliver)
                return
            self._waiting[about] = deque([deliver])
        self._senders.after(0, lambda: self._deliver_next(about))

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
                self._senders.after(0, lambda: self._deliver_next(about))
