"""Bounded history: the latest items, by number and by size."""

from collections import deque
from collections.abc import Iterator
from typing import Generic, TypeVar

MOST_BYTES = 67_108_864

T = TypeVar("T")


class Recent(Generic[T]):
    """The last `most` items, and of those only as many as `MOST_BYTES` hold."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: deque[tuple[T, int]] = deque()
        self._bytes = 0

    def append(self, thing: T, size: int) -> None:
        """Keep one more. The oldest go; the newest stays, however large."""
        self._kept.append((thing, size))
        self._bytes += size
        while len(self._kept) > 1 and (len(self._kept) > self._most or self._bytes > MOST_BYTES):
            self._bytes -= self._kept.popleft()[1]

    def clear(self) -> None:
        """Forget all of them."""
        self._kept.clear()
        self._bytes = 0

    def __iter__(self) -> Iterator[T]:
        return (thing for thing, _ in self._kept)
