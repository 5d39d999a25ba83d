"""A Redis for tests of what the fleet shares."""

import pytest

from ava import fleet
from ava.fleet import Link
from ava.tests.reading import Clock, FleetClock
from tests.redis import RedisServer


@pytest.fixture(scope="session")
def running_redis():
    with RedisServer() as server:
        yield server


@pytest.fixture
def redis(running_redis, settings):
    """An empty Redis that AVA shares. A busy machine does not make it a lost one."""
    running_redis.flush()
    settings.REDIS_URL = running_redis.url
    fleet.forget()
    fleet._links[running_redis.url] = Link(running_redis.url, patience=5)
    yield running_redis
    fleet.forget()


@pytest.fixture(params=["memory", "fleet"])
def clock(request):
    """Time, for copies in this process or in Redis."""
    if request.param == "memory":
        return Clock()
    return FleetClock(request.getfixturevalue("redis"))
