"""A Redis, a provider, and a fleet of workers between them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fleet.crew import Plan
from tests.fleet.fleet import Fleet
from tests.fleet.upstream import Upstream
from tests.redis import RedisServer


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def provider() -> Iterator[Upstream]:
    upstream = Upstream()
    yield upstream
    upstream.close()


@pytest.fixture
def start(tmp_path: Path, redis: RedisServer, provider: Upstream) -> Iterator[Callable[..., Fleet]]:
    """Starts the fleet of this test."""
    fleets = []

    def start(processes: int, threads: int, recovery: float = 1, **more: Any) -> Fleet:
        plan = Plan(provider.url, redis.url, recovery, processes, threads, **more)
        fleet = Fleet(tmp_path, plan)
        fleets.append(fleet)
        fleet.start()
        return fleet

    yield start
    for fleet in fleets:
        fleet.close()
