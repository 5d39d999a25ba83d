"""Time zone of a page: the one in its address, else the browser's own, else UTC."""

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from ava.console.zones import of_browser
from integrations.calendar.events import times
from integrations.calendar.events.times import WrongTime


def zone_of(request: HttpRequest) -> ZoneInfo:
    """Time zone to show times in; UTC where neither address nor browser names one."""
    try:
        return times.zone(request.GET.get("time_zone", ""))
    except WrongTime:
        return of_browser(request)


@cache
def suggested() -> SafeString:
    """`<datalist id="zones">`: the zones that are named by continent and city."""
    continents = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Pacific")
    names = sorted(name for name in available_timezones() if name.startswith(continents))
    options = format_html_join("", '<option value="{}">', ((name,) for name in names))
    return format_html('<datalist id="zones">{}</datalist>', options)
