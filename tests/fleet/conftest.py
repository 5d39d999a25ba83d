"""A Redis, a provider, and a fleet of workers between them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fleet.crew import Plan
from tests.fleet.fleet import Fleet
from tests.fleet.upstream import Upstream
from tests.redis import RedisServer, patient


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
    """Starts the fleet of this test.

    `calm`: seconds for Redis, where a busy machine must not lose it; AVA's own where it is lost.
    """
    fleets = []

    def start(
        processes: int,
        threads: int,
        recovery: float = 1,
        calm: float | None = None,
        **more: Any,
    ) -> Fleet:
        url = patient(redis.plain_url, calm) if calm else redis.plain_url
        plan = Plan(provider.url, url, recovery, processes, threads, **more)
        fleet = Fleet(tmp_path, plan)
        fleets.append(fleet)
        fleet.start()
        return fleet

    yield start
    for fleet in fleets:
        fleet.close()
