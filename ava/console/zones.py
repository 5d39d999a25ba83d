"""Time zone of the browser, from the cookie that `static/ava/console.js` sets."""

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest

COOKIE = "ava_zone"
_UTC = ZoneInfo("UTC")


def of_browser(request: HttpRequest) -> ZoneInfo:
    """UTC where the cookie names no time zone."""
    name = request.COOKIES.get(COOKIE, "")
    # Looked up among those there are: a name becomes a path.
    return ZoneInfo(name) if name in _names() else _UTC


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())
