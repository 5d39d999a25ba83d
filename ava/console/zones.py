"""Time zone of the browser. `static/ava/console.js` tells it in a cookie."""

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest

COOKIE = "ava_zone"
_UTC = ZoneInfo("UTC")


def of_browser(request: HttpRequest) -> ZoneInfo:
    """UTC where the browser has not told, or tells none that there is."""
    name = request.COOKIES.get(COOKIE, "")
    # Looked up among those there are: a name becomes a path.
    return ZoneInfo(name) if name in _names() else _UTC


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())
