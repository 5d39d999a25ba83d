"""Where hits are counted: the protocol, and the store inside one process."""

import threading
import time
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Hit:
    """A request as one policy counts it.

    Args:
        limit: hits of this key that any window may hold.
        among: workers that share what is left of the limit while Redis is lost; None where each
            gives the whole limit then.
    """

    key: str
    limit: int
    among: int | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """One key after a call.

    Args:
        allowed: whether this key had room.
        used: hits in the window, this one included when it was counted.
        frees_after: seconds until enough of them have left the window for one more to pass.
    """

    allowed: bool
    limit: int
    used: int
    frees_after: float

    @property
    def remaining(self) -> int:
        """Hits that would pass right now."""
        return max(0, self.limit - self.used)


class Store(Protocol):
    """Counts hits by key over a sliding window."""

    def hit(self, hits: Sequence[Hit]) -> list[Usage]:
        """Count the hits, all of them if every key has room, else none. Atomic.

        Returns:
            One usage for each hit, in the same order.
        """


class MemoryStore:
    """A log of the times of the counted hits of each key, exact to the nanosecond.

    Memory is bounded: a key goes one window after its last counted hit, and when more than
    `capacity` keys come within one window, the longest quiet ones are forgotten first.

    Args:
        window: seconds.
        capacity: keys held at once; 50,000 with ten hits each take about 20 MB.
        clock: nanoseconds that only grow. Whole numbers, so that a window ends when it says.
    """

    def __init__(
        self,
        *,
        window: int,
        capacity: int = 50_000,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._window = window * SECOND
        self._capacity = capacity
        self._clock = clock
        self._lock = threading.Lock()
        # Ordered by the last counted hit, oldest first.
        self._logs: OrderedDict[str, array[int]] = OrderedDict()
        # What the fleet had counted when it was asked last, and when that was; oldest first.
        self._seen: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def hit(self, hits: Sequence[Hit]) -> list[Usage]:
        return self._judge(hits, self._whole, counting=True)

    def look(self, hits: Sequence[Hit]) -> list[Usage]:
        """Which keys have room; nothing is counted."""
        return self._judge(hits, self._whole, counting=False)

    def see(self, hits: Sequence[Hit], usages: Sequence[Usage]) -> None:
        """Keep what the fleet has counted, this process' own hits included, for `hit_alone`."""
        with self._lock:
            now = self._clock()
            for hit, usage in zip(hits, usages, strict=True):
                if hit.among is not None:
                    self._seen[hit.key] = usage.used, now
                    self._seen.move_to_end(hit.key)
            while len(self._seen) > self._capacity:
                self._seen.popitem(last=False)

    def hit_alone(self, hits: Sequence[Hit]) -> list[Usage]:
        """As `hit`, while the fleet cannot be asked: of a limit that is shared, this process gives
        its share of what was left when the fleet was asked last. A window later it knows of
        nobody's hits but its own, and gives its share of the whole, at least one."""
        return self._judge(hits, self._share, counting=True)

    def forget(self) -> None:
        """Drop every count."""
        with self._lock:
            self._logs.clear()
            self._seen.clear()

    def __len__(self) -> int:
        """Keys held now."""
        return len(self._logs)

    def _judge(self, hits: Sequence[Hit], room: "_Room", *, counting: bool) -> list[Usage]:
        with self._lock:
            now = self._clock()
            self._drop_idle(now)
            logs = [self._log(hit, now) for hit in hits]
            rooms = [room(hit, log, now) for hit, log in zip(hits, logs, strict=True)]
            fits = [len(log) < most for (most, _), log in zip(rooms, logs, strict=True)]
            if counting and all(fits):
                for hit, log in zip(hits, logs, strict=True):
                    self._count(hit, log, now)
            return [self._usage(*one, now) for one in zip(hits, logs, rooms, fits, strict=True)]

    def _whole(self, hit: Hit, log: "array[int]", now: int) -> tuple[int, int]:
        """The most that the log may hold, and when it was that others had their part; 0: never."""
        return hit.limit, 0

    def _share(self, hit: Hit, log: "array[int]", now: int) -> tuple[int, int]:
        if hit.among is None:
            return hit.limit, 0
        used, at = self._seen.get(hit.key, (0, 0))
        if at <= now - self._window:
            return max(1, hit.limit // hit.among), 0
        return bisect_right(log, at) + max(0, hit.limit - used) // hit.among, at

    def _log(self, hit: Hit, now: int) -> "array[int]":
        """The key's hits inside the window; a new one is not kept before something counts."""
        log = self._logs.get(hit.key)
        if log is None:
            return array("q")
        del log[: bisect_right(log, now - self._window)]
        return log

    def _count(self, hit: Hit, log: "array[int]", now: int) -> None:
        log.append(now)
        self._logs[hit.key] = log
        self._logs.move_to_end(hit.key)
        if len(self._logs) > self._capacity:
            self._logs.popitem(last=False)

    def _usage(
        self, hit: Hit, log: "array[int]", room: tuple[int, int], fits: bool, now: int
    ) -> Usage:
        most, at = room
        used = hit.limit - most + len(log)
        if at:
            alone = max(1, hit.limit // (hit.among or 1))
            frees = max(at, log[-alone]) if len(log) >= alone else at
        elif log:
            # After the limit was lowered, more than one hit has to leave first.
            frees = log[max(0, len(log) - most)]
        else:
            return Usage(fits, hit.limit, used, 0.0)
        return Usage(fits, hit.limit, used, (frees + self._window - now) / SECOND)

    def _drop_idle(self, now: int) -> None:
        while self._logs:
            key, log = next(iter(self._logs.items()))
            if log[-1] > now - self._window:
                break
            del self._logs[key]
        while self._seen:
            key, (_, at) = next(iter(self._seen.items()))
            if at > now - self._window:
                break
            del self._seen[key]


_Room = Callable[[Hit, "array[int]", int], tuple[int, int]]
