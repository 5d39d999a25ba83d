"""Where the tests of copies keep them."""

import pytest

from ava.tests.reading import Clock, FleetClock


@pytest.fixture(params=["memory", "fleet"])
def clock(request):
    """Time, for copies in this process or in Redis."""
    if request.param == "memory":
        return Clock()
    return FleetClock(request.getfixturevalue("redis"))
