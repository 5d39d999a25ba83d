"""Kinds of work that tests make up, forgotten after each of them, and loops that end with it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ava.jobs import kinds
from ava.jobs.loop import Loop
from ava.jobs.tests.scripted import Clock


@pytest.fixture(autouse=True)
def own_kinds() -> Iterator[None]:
    """No kind but the test's own, so that nothing else is due."""
    known = kinds.copy()
    kinds.clear()
    yield
    kinds.clear()
    kinds.update(known)


@pytest.fixture
def start() -> Iterator[Callable[..., Loop]]:
    """Start loops as `start(threads=..., poll=...)`; they are stopped at the end."""
    loops: list[Loop] = []

    def begin(**options: Any) -> Loop:
        loops.append(Loop(**{"poll": 0.05, **options}).start())
        return loops[-1]

    yield begin
    for loop in loops:
        loop.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()
