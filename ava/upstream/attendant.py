"""A thread of each web worker that attends to the breakers once a second, calls or no calls.

Without it an order would change, count and announce nothing before the next call, and a worker
without calls would not come back to a Redis that is there again. Not in the thread that accepts
connections: it asks the database, which may take its time.
"""

import threading

from django.db import close_old_connections, connections

from ava.upstream import registry

EVERY_SECONDS = 1.0


class Attendant:
    """The thread."""

    def __init__(self) -> None:
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._attend, name="ava-breakers", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Leave; what is being done is finished."""
        self._leaving.set()
        self._thread.join()

    def _attend(self) -> None:
        while not self._leaving.wait(EVERY_SECONDS):
            close_old_connections()
            registry.attend()
        connections.close_all()
