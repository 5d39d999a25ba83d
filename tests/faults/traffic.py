"""Traffic: clients that never pause, to find what AVA can do, then errands at a fixed rate."""

import queue
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from tests.faults.clients import Client, Clients
from tests.faults.errands import Errand

THREADS = 64
_STALE_SECONDS = 10
"""A reader who has waited so long for a free client has gone away."""


def capacity(shared: Clients, errands: Iterator[Errand], *, clients: int, seconds: float) -> float:
    """Errands a second that clients get done who never pause."""
    lock, done = threading.Lock(), [0] * clients
    ends = time.monotonic() + seconds

    def work(number: int) -> None:
        client = Client(shared)
        while time.monotonic() < ends:
            with lock:
                errand = next(errands)
            client.run(errand)
            done[number] += 1
        client.close()

    began = time.monotonic()
    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.monotonic() - began)


class Traffic:
    """Errands at a fixed rate from entering to leaving, whatever becomes of those before.

    Leaving waits until every write was told, or its client has lost patience.
    """

    def __init__(self, shared: Clients, errands: Iterator[Errand], rate: float) -> None:
        self._shared, self._errands, self._rate = shared, errands, rate
        self._waiting: queue.SimpleQueue[tuple[float, Errand] | None] = queue.SimpleQueue()
        self._enough = threading.Event()
        self._threads = [threading.Thread(target=self._send, daemon=True)]
        self._threads += [threading.Thread(target=self._work, daemon=True) for _ in range(THREADS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._enough.set()
        if error:
            return
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        due = time.monotonic()
        while not self._enough.wait(max(0.0, due - time.monotonic())):
            self._waiting.put((due, next(self._errands)))
            due += 1 / self._rate
        for _ in range(THREADS):
            self._waiting.put(None)

    def _work(self) -> None:
        client = Client(self._shared)
        while (given := self._waiting.get()) is not None:
            due, errand = given
            if errand.mark or time.monotonic() - due < _STALE_SECONDS:
                client.run(errand)
        client.close()
