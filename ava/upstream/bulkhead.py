"""Bulkhead of a provider: how many calls to it may be under way at once, and whose."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from ava import tenant
from ava.tenant import Tenant

Share = tuple[Tenant, bool]
"""A tenant's slots, or all (None); only those taken in the background, or any."""


class BulkheadFull(Exception):
    """Every slot that the caller may have is taken; slots are not waited for."""


class Bulkhead:
    """A fixed number of slots, taken without waiting.

    One tenant takes half of them at most, so that calls of its that hang leave half to the
    rest. The background takes half of them all, and half of a tenant's.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._taken: Counter[Share] = Counter()
        self._lock = threading.Lock()

    @property
    def in_use(self) -> int:
        return self._taken[None, False]

    @property
    def is_full(self) -> bool:
        """Whether a slot would be refused now to the work under way."""
        return any(self._taken[share] >= most for share, most in self._shares().items())

    @contextmanager
    def slot(self) -> Iterator[None]:
        shares = self._shares()
        with self._lock:
            if self.is_full:
                raise BulkheadFull
            self._taken.update(shares.keys())
        try:
            yield
        finally:
            with self._lock:
                self._taken.subtract(shares.keys())
                self._taken = +self._taken  # without those that are back at 0

    def _shares(self) -> dict[Share, int]:
        """The shares that a slot for the work under way belongs to, with their sizes."""
        mine, half = tenant.current(), _half(self.size)
        shares: dict[Share, int] = {(None, False): self.size}
        if mine is not None:
            shares[mine, False] = half
        if tenant.BACKGROUND.get():
            shares[None, True] = half
            if mine is not None:
                shares[mine, True] = _half(half)
        return shares


def _half(slots: int) -> int:
    return max(slots // 2, 1)
