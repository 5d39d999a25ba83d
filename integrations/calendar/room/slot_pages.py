"""Page of free slots: when a calendar is free, by day, each slot a new event to be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from ava.console import curl
from ava.console.views import is_fragment, page, render, user_of
from ava.http import correlation
from ava.http.problems import Problem
from integrations.calendar import queries, sign_ins
from integrations.calendar.errors import ReconnectRequired
from integrations.calendar.events import services, slots, times
from integrations.calendar.events.records import Slot
from integrations.calendar.providers import NAMES
from integrations.calendar.room import tabs
from integrations.calendar.room.forms import SlotsForm
from integrations.calendar.room.pages import WHOLE
from integrations.calendar.room.zones import zone_of
from integrations.errors import StubsDisabled


@dataclass(frozen=True)
class FreeSlot:
    start: str
    end: str
    href: str  # of the form of a new event; empty for demo events, which can only be read


@dataclass(frozen=True)
class FreeDay:
    date: date
    slots: Sequence[FreeSlot]


@dataclass(frozen=True)
class SlotsPage:
    title: str
    tabs: Sequence[tabs.Tab]
    form: SlotsForm
    provider: str
    calendar: str  # its name
    is_demo: bool
    is_asked: bool
    faults: Sequence[str]
    days: Sequence[FreeDay]
    problem: Problem | None
    here: str
    whole: str
    curl: str
    correlation_id: str

    @property
    def must_connect(self) -> bool:
        return isinstance(self.problem, (ReconnectRequired, StubsDisabled))

    @property
    def count(self) -> int:
        return sum(len(day.slots) for day in self.days)


@page()
def free_slots(request: HttpRequest) -> HttpResponse:
    """Free slots as the address asks for them: those of the next days when it names nothing."""
    user, tz = user_of(request), zone_of(request)
    known = queries.describe_all(user=user)
    connected = [each for each in known if each.state != "none"]
    today = times.day_of(timezone.now(), tz)
    given = {name: request.GET[name] for name in SlotsForm.base_fields if request.GET.get(name)}
    usual = {"day": today.isoformat(), "time_zone": tz.key, **SlotsForm.usual}
    shown = connected or known[:1]
    form = SlotsForm({"calendar": shown[0].provider, **usual, **given}, calendars=shown)
    is_valid, is_asked = form.is_valid(), is_fragment(request) or WHOLE in request.GET
    provider = form.cleaned_data["calendar"] if is_valid else shown[0].provider
    days: Sequence[FreeDay] = []
    problem = None
    if is_valid and is_asked:
        try:
            days = _days(request, provider, form, may_create=bool(connected))
        except Problem as refused:
            problem = refused
    address, query = reverse("slots"), urlencode(given)
    found = SlotsPage(
        title="Free slots",
        tabs=tabs.shown("slots"),
        form=form,
        provider=provider,
        calendar=NAMES[provider],
        is_demo=not connected and problem is None,
        is_asked=is_asked,
        faults=_faults(form),
        days=days,
        problem=problem,
        here=f"{address}?{query}" if query else address,
        whole=f"{address}?{urlencode({**given, WHOLE: '1'})}",
        curl=_curl(request, provider, form) if is_valid else "",
        correlation_id=correlation.current(),
    )
    fragments = {"slots": "calendar/_slots.html"}
    status = 400 if found.faults and not is_fragment(request) else 200
    return sign_ins.leading_out(
        request,
        sign_ins.offered().values(),
        lambda request: render(
            request, "calendar/slots.html", found, fragments=fragments, status=status
        ),
    )


def _days(
    request: HttpRequest, provider: str, form: SlotsForm, *, may_create: bool
) -> list[FreeDay]:
    wanted: dict[str, Any] = form.checked
    tz: ZoneInfo = wanted["tz"]
    found = services.free_slots(
        user=user_of(request),
        provider=provider,
        start=wanted["start"],
        end=wanted["end"],
        duration=wanted["duration"],
        time_zone=tz,
        working_hours=wanted.get("working_hours", slots.ALL_DAY),
        now=timezone.now(),
    )
    by_day = groupby(found, key=lambda slot: times.day_of(slot.start, tz))
    return [
        FreeDay(day, [_slot(each, provider, tz, may_create=may_create) for each in group])
        for day, group in by_day
    ]


def _slot(slot: Slot, provider: str, tz: ZoneInfo, *, may_create: bool) -> FreeSlot:
    start, end = slot.start.astimezone(tz), slot.end.astimezone(tz)
    query = {
        "calendar": provider,
        "start_day": start.date().isoformat(),
        "start_time": f"{start:%H:%M}",
        "end_day": end.date().isoformat(),
        "end_time": f"{end:%H:%M}",
        "time_zone": tz.key,
    }
    href = f"{reverse('event-new')}?{urlencode(query)}" if may_create else ""
    return FreeSlot(f"{start:%H:%M}", f"{end:%H:%M}", href)


def _faults(form: SlotsForm) -> list[str]:
    labels = {name: field.label for name, field in form.fields.items()}
    return [
        f"{labels[name]}: {each}" if name in labels else str(each)
        for name, found in form.errors.items()
        for each in found
    ]


def _curl(request: HttpRequest, provider: str, form: SlotsForm) -> str:
    path = reverse("calendar-free-busy", args=[provider])
    return curl.command(request, "GET", f"{path}?{urlencode(form.query())}")
