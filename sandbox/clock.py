"""Time and identity that run the same way every time: each reading is one step further."""

import hashlib
import itertools
import uuid
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def wall() -> datetime:
    """Now, by the wall."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """A moment in RFC 3339, as JavaScript's toISOString writes it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Wall:
    """The time on the wall and random ids, for what apps look up by their own clock.

    An app's database also outlives the sandbox, and must not meet the same id for another thing.
    """

    def now(self) -> datetime:
        """Now."""
        return wall()

    def new_id(self) -> str:
        """A random UUID."""
        return str(uuid.uuid4())


class Clock:
    """Counts instead of looking at the wall, so that two runs give the same answers."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Back to the first reading."""
        self._seconds = itertools.count(1)
        self._ids = itertools.count(1)

    def now(self) -> datetime:
        """The next moment: one second after the last one."""
        return START + timedelta(seconds=next(self._seconds))

    def new_id(self) -> str:
        """The next UUID, version 4 in form."""
        seed = hashlib.sha256(f"sandbox {next(self._ids)}".encode()).digest()
        return str(uuid.UUID(bytes=seed[:16], version=4))
