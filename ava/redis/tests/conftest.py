"""A Redis and links to it."""

import pytest

from ava.redis import Link
from tests.redis import RedisServer


@pytest.fixture
def redis():
    with RedisServer() as server:
        yield server


@pytest.fixture
def linked():
    links = []

    def link(url, **options):
        links.append(Link(url, **options))
        return links[-1]

    yield link
    for made in links:
        made.close()
