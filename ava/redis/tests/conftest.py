"""A Redis and clients of it."""

import pytest

from ava.redis import RedisClient
from tests.redis import RedisServer


@pytest.fixture
def redis():
    with RedisServer(timeout=None) as server:
        yield server


@pytest.fixture
def client():
    """Makes clients, and closes them."""
    made = []

    def client(url):
        made.append(RedisClient(url))
        return made[-1]

    yield client
    for one in made:
        one.close()
