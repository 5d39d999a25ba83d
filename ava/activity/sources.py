"""Sources of a story: what each app's tables know of a correlation ID. Apps register theirs."""

from collections.abc import Callable, Iterable
from typing import Final

from ava.observability.recorder import Entry

MOST: Final = 100
"""Rows of one source in a story."""

Source = Callable[[int, str], Iterable[Entry]]
"""Entries of an owner under a correlation ID."""

sources: list[Source] = []
shared: list[Source] = []
"""Sources of what is no single user's: asked where the story has something of the user's own."""


def register(source: Source, *, is_shared: bool = False) -> None:
    """Add a source. It reads by an index, and at most MOST rows."""
    (shared if is_shared else sources).append(source)
