"""Clocks and IDs: the system's, and counting ones that are the same in every run."""

import hashlib
import itertools
import uuid
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def utc_now() -> datetime:
    """Current time."""
    return datetime.now(UTC)


def iso_time(moment: datetime) -> str:
    """A time in RFC 3339, as JavaScript's toISOString writes it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class SystemClock:
    """Real time and random IDs, for what apps look up by their own clock.

    An app's database also outlives the sandbox, and must not see an ID twice.
    """

    def now(self) -> datetime:
        """Current time."""
        return utc_now()

    def new_id(self) -> str:
        """A random UUID."""
        return str(uuid.uuid4())


class CountingClock:
    """Counting clock and IDs: two runs give the same answers."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Back to the first reading."""
        self._seconds = itertools.count(1)
        self._ids = itertools.count(1)

    def now(self) -> datetime:
        """The next time: one second after the last one."""
        return START + timedelta(seconds=next(self._seconds))

    def new_id(self) -> str:
        """The next UUID, version 4 in form."""
        seed = hashlib.sha256(f"sandbox {next(self._ids)}".encode()).digest()
        return str(uuid.UUID(bytes=seed[:16], version=4))
