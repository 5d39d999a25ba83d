"""Caches in one process, or in two that share a Redis."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from ava.cache.tests.reading import make


@pytest.fixture(params=["memory", "redis"])
def where(request):
    """Where copies are kept."""
    if request.param == "redis":
        request.getfixturevalue("redis")
    return request.param


@pytest.fixture
def here():
    return make()


@pytest.fixture
def there():
    return make(name="test")


@pytest.fixture
def pool():
    with ThreadPoolExecutor(8) as pool:
        yield pool
