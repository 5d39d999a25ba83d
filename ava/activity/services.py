"""Writing of activity: what waits in this process becomes rows, a few times a second."""

import threading
from contextlib import suppress
from datetime import datetime
from typing import Final, cast

import structlog
from django.db import DatabaseError, connections
from django.db.models import QuerySet

from ava.activity.models import SUMMARY_LENGTH, Activity
from ava.observability import recorder
from ava.observability.logs import redact

log = structlog.get_logger("ava.activity")

EVERY: Final = 0.5
AT_ONCE: Final = 500


def write() -> None:
    """Write what waits. While the database does not answer, it goes on waiting."""
    while taken := _taken():
        try:
            Activity.objects.bulk_create([_row(entry) for entry in taken])
        except DatabaseError as fault:
            log.warning("activity not written", cause=type(fault).__name__, entries=len(taken))
            room = max(recorder.MOST - len(recorder.waiting), 0)
            recorder.DROPPED.inc(max(len(taken) - room, 0))
            recorder.waiting.extendleft(reversed(taken[-room:] if room else []))
            return


def _taken() -> list[recorder.Entry]:
    """The next that wait. Another thread may take some of them meanwhile."""
    taken: list[recorder.Entry] = []
    with suppress(IndexError):
        while len(taken) < AT_ONCE:
            taken.append(recorder.waiting.popleft())
    return taken


def old(before: datetime) -> QuerySet[Activity]:
    """Activity before that moment."""
    return Activity.objects.filter(at__lt=before)


def _row(entry: recorder.Entry) -> Activity:
    return Activity(
        owner_id=cast(int, entry.owner_id),  # only a user's is recorded
        correlation_id=entry.correlation_id,
        at=entry.at,
        kind=entry.kind,
        summary=redact(entry.summary)[:SUMMARY_LENGTH],
        status=entry.status[:60],
        failed=entry.failed,
        duration_ms=entry.duration_ms,
        link=entry.link,
    )


class Writer:
    """Thread that writes what waits in a process."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ava-activity", daemon=True)

    def start(self) -> "Writer":
        self._thread.start()
        return self

    def stop(self) -> None:
        """Write the rest, and end."""
        self._stopped.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stopped.wait(EVERY):
            self._write()
        self._write()

    def _write(self) -> None:
        if not recorder.waiting:
            return
        try:
            write()
        except Exception:
            log.exception("activity not written")
        finally:
            connections.close_all()
