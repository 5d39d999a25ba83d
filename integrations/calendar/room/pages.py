"""Pages of the agenda: the frame at once, and a week in it that the calendars are asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from ava.console import curl
from ava.console.views import is_fragment, page, render, user_of
from ava.http import correlation
from integrations.calendar import queries, sign_ins
from integrations.calendar.events import times
from integrations.calendar.providers import NAMES
from integrations.calendar.queries import Description
from integrations.calendar.room import agenda, tabs, week
from integrations.calendar.room.week import DAYS, Week
from integrations.calendar.room.zones import zone_of
from integrations.calendar.sign_ins import SignIn

WHOLE: Final = "whole"
"""Parameter of a page that asks the provider itself, for browsers without scripts."""


@dataclass(frozen=True)
class Calendar:
    """A calendar in the list, with the one next step."""

    found: Description
    sign_in: SignIn | None  # None: the operator has not set it up

    @property
    def name(self) -> str:
        return NAMES[self.found.provider]

    @property
    def asked(self) -> str:
        """What the provider will ask the user to allow."""
        return " and ".join(self.sign_in.asked) if self.sign_in else ""


@dataclass(frozen=True)
class AgendaPage:
    title: str
    tabs: Sequence[tabs.Tab]
    range: str
    zone: str
    earlier: str
    later: str
    today: str  # address of the coming week; empty on its own page
    here: str
    whole: str
    calendars: Sequence[Calendar]
    week: Week | None  # None: not asked for yet
    curl: str
    correlation_id: str

    @property
    def is_connected(self) -> bool:
        return any(each.found.state != "none" for each in self.calendars)


@page()
def calendar(request: HttpRequest) -> HttpResponse:
    """A week, from the day in the address on; today's when it names none."""
    user, now, tz = user_of(request), timezone.now(), zone_of(request)
    today = times.day_of(now, tz)
    first, kept = _first(request, today), _kept(request)
    is_asked = is_fragment(request) or WHOLE in request.GET
    known = queries.describe_all(user=user)
    offered = sign_ins.offered()
    found = AgendaPage(
        title="Calendar",
        tabs=tabs.shown("calendar"),
        range=agenda.range_of(first, first + timedelta(days=DAYS - 1)),
        zone=tz.key,
        earlier=_address(first - timedelta(days=DAYS), today, kept),
        later=_address(first + timedelta(days=DAYS), today, kept),
        today="" if first == today else _address(today, today, kept),
        here=_address(first, today, kept),
        whole=_address(first, today, {**kept, WHOLE: "1"}),
        calendars=[Calendar(each, offered.get(each.provider)) for each in known],
        week=week.collect(user=user, calendars=known, first=first, tz=tz, now=now)
        if is_asked
        else None,
        curl=_curl(request, known, first, tz),
        correlation_id=correlation.current(),
    )
    fragments = {"agenda": "calendar/_agenda.html"}
    return sign_ins.leading_out(
        request,
        offered.values(),
        lambda request: render(request, "calendar/index.html", found, fragments=fragments),
    )


def _first(request: HttpRequest, today: date) -> date:
    try:
        found = date.fromisoformat(request.GET.get("from", ""))
    except ValueError:
        return today
    # A year of room for the links to the weeks before and after.
    return found if times.YEARS[1] <= found.year < times.YEARS[-1] else today


def _kept(request: HttpRequest) -> Mapping[str, str]:
    """What the links to other weeks take along."""
    return {name: request.GET[name] for name in (WHOLE, "time_zone") if name in request.GET}


def _address(first: date, today: date, kept: Mapping[str, str]) -> str:
    query = dict(kept) if first == today else {"from": first.isoformat(), **kept}
    return f"{reverse('calendar')}?{urlencode(query)}" if query else reverse("calendar")


def _curl(request: HttpRequest, known: Sequence[Description], first: date, tz: ZoneInfo) -> str:
    chosen = next((each for each in known if each.state != "none"), known[0])
    last = first + timedelta(days=DAYS)
    window = {"from": first.isoformat(), "to": last.isoformat()}
    query = urlencode({**window, "time_zone": tz.key})
    path = reverse("calendar-events", args=[chosen.provider])
    return curl.command(request, "GET", f"{path}?{query}")
