"""Breaker maintenance: a thread of each web worker that sees to the breakers once a second.

Without it an override would change and announce nothing before the next call, and a worker without
calls would not come back to Redis. Not in the thread that accepts connections: it asks the
database.
"""

import threading

import structlog
from django.db import close_old_connections, connections

from ava.upstream.door import doors

log = structlog.get_logger("ava.upstream")

EVERY_SECONDS = 1.0


class BreakerMaintenance:
    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ava-breakers", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(EVERY_SECONDS):
            close_old_connections()
            maintain()
        connections.close_all()


def maintain() -> None:
    """Maintain every breaker; one that fails stops no other."""
    for door in doors():
        try:
            door.breaker.maintain()
        except Exception:
            log.exception("breaker maintenance failed", service=door.service.label)
