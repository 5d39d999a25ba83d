"""Where a cache keeps its copies, and what it asks there."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar

V = TypeVar("V")

Key = tuple[str | int, ...]
"""What is read. Its first part says whose it is; keys with one beginning drop together."""

KEEP_SECONDS = 24 * 3600.0
"""After which even the last good copy is forgotten."""


@dataclass(frozen=True, slots=True)
class Fence:
    """A moment in the fleet's order of things, for one account.

    Attributes:
        born: when the order itself began; another one after everything was lost.
        tick: place in it.
        at: microseconds on the fleet's clock.
        lease: shows that this read is the fleet's only one for its key.
    """

    born: str
    tick: int
    at: int
    lease: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """The moment a read begins: its place in order, on this process' clock, and on the wall.

    Attributes:
        fence: the same for the fleet; None where nothing is shared.
    """

    tick: int
    at: float
    on_the_wall: datetime
    fence: Fence | None = None


@dataclass(frozen=True, slots=True)
class Found(Generic[V]):
    """A copy in the store.

    Attributes:
        as_of: when its read began.
        age: seconds since then.
        certain: whether it is known that nobody has dropped it.
    """

    value: V = field(repr=False)
    edition: int
    as_of: datetime
    age: float
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Look(Generic[V]):
    """What there is to see under a key.

    Attributes:
        found: the copy, fresh or not.
        order: names the last drop that reached the key. A read that began under another one
            may bring what was dropped.
    """

    found: Found[V] | None
    order: int


def is_fresh(found: Found[V], edition: int, fresh_for: float) -> bool:
    """Whether a copy answers by itself.

    Args:
        edition: the earliest that will do.
        fresh_for: seconds; an older copy will not do.
    """
    return found.certain and found.edition >= edition and found.age < fresh_for


@dataclass(frozen=True, slots=True)
class Pending:
    """Another process is reading this now.

    Attributes:
        tick: where that read stands in the fleet's order.
    """

    tick: int


class Store(Protocol[V]):
    """Keeps copies, and their order: what began before a drop, or before what is known already,
    is not kept."""

    def look(self, key: Key) -> Look[V]:
        """The copy there is, if any."""

    def mark(self, key: Key) -> Mark:
        """Note that a read begins now of this key, or of one that begins so."""

    def claim(
        self, key: Key, *, edition: int, fresh_for: float, awaited: int | None
    ) -> Mark | Found[V] | Pending:
        """Begin a read, unless another process has made it or is at it.

        Args:
            edition: the earliest that will do.
            fresh_for: seconds; a younger copy will do.
            awaited: the tick of a read that was pending; what it brought will do.
        """

    def put(self, key: Key, value: V, *, mark: Mark, edition: int) -> Found[V]:
        """Keep what was read, unless something newer is known. What was read, in any case."""

    def abandon(self, key: Key, mark: Mark, *, edition: int) -> None:
        """A claimed read has failed."""

    def drop(self, prefix: Key) -> None:
        """Forget every key that begins so, reads under way included."""

    def forget(self) -> None:
        """Start empty in this process."""
