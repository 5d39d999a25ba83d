"""Time zone of whoever looks at a page: the one in its address, else the browser's own."""

from contextlib import suppress
from zoneinfo import ZoneInfo

from django.http import HttpRequest

from integrations.calendar.events import times
from integrations.calendar.events.times import WrongTime

COOKIE = "ava_zone"
"""Set by static/ava/console.js."""


def zone_of(request: HttpRequest) -> ZoneInfo:
    """UTC where the browser has not told."""
    for name in (request.GET.get("time_zone", ""), request.COOKIES.get(COOKIE, "")):
        with suppress(WrongTime):
            return times.zone(name)
    return ZoneInfo("UTC")
