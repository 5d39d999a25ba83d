"""Kinds of work that tests make up, forgotten after each of them."""

from collections.abc import Iterator

import pytest

from ava.jobs import registry
from ava.jobs.tests.scripted import Clock


@pytest.fixture(autouse=True)
def own_kinds() -> Iterator[None]:
    """No kind but the test's own, so that nothing else is due."""
    known = registry.kinds()
    registry._kinds.clear()
    yield
    registry._kinds.clear()
    registry._kinds.update(known)


@pytest.fixture
def clock() -> Clock:
    return Clock()
