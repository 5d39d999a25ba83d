"""Where the tests of copies keep them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from ava.cache.tests.reading import Clock, FleetClock, make


@pytest.fixture(params=["memory", "fleet"])
def clock(request):
    """Time, for copies in this process or in Redis."""
    if request.param == "memory":
        return Clock()
    return FleetClock(request.getfixturevalue("redis"))


@pytest.fixture
def here(clock):
    return make(clock)


@pytest.fixture
def there(clock):
    return make(clock, name="there")


@pytest.fixture
def pool():
    with ThreadPoolExecutor(8) as pool:
        yield pool
