"""Pages of one event: created once, looked at, deleted."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from ava.console import curl, navigation, states
from ava.console.views import is_fragment, page, redirect, render, toast, user_of
from ava.http import correlation
from ava.http.problems import Problem
from ava.idempotency.forms import Sheet
from ava.idempotency.services import Reply
from ava.inbound.limits import storable
from ava.intents.states import UNSENT
from ava.intents.stories import Step
from integrations.calendar import connections
from integrations.calendar.authorization import require_known
from integrations.calendar.errors import NotConnected, ReconnectRequired
from integrations.calendar.events import held, services, times
from integrations.calendar.events.errors import EventNotFound
from integrations.calendar.events.records import CONFIRMED, TENTATIVE, Event
from integrations.calendar.models import CalendarEvent
from integrations.calendar.providers import NAMES
from integrations.calendar.queries import Description
from integrations.calendar.room import agenda, week
from integrations.calendar.room.forms import NewEventForm
from integrations.calendar.room.zones import zone_of
from integrations.errors import StubsDisabled

_PACE: Final = 3  # seconds between two looks at an event that AVA finds out about
HOUR: Final = timedelta(hours=1)
_PREFILLED: Final = ("title", "calendar", "start_day", "start_time", "end_day", "end_time")


@dataclass(frozen=True)
class EventPage:
    title: str
    provider: str
    calendar: str
    event_id: str
    event: Event | None  # None: its calendar gives no answer, and AVA knows nothing of it
    when: str
    zone: str
    week: str  # address of its week
    row: CalendarEvent | None  # AVA created it
    steps: Sequence[Step]
    activity: str
    problem: Problem | None  # why the calendar gives no answer
    is_gone: bool  # its calendar no longer has it
    is_demo: bool
    curl: str
    correlation_id: str
    refusal: Problem | None = None  # why it was not deleted

    @property
    def is_unsettled(self) -> bool:
        return bool(self.row and self.row.status in UNSENT and not self.row.error)

    @property
    def every(self) -> int:
        return _PACE if self.is_unsettled else 0

    @property
    def state(self) -> str:
        if self.is_gone:
            return "deleted"
        return self.event.status if self.event else ""

    @property
    def can_be_deleted(self) -> bool:
        is_over = self.row is not None and self.row.is_final
        return not (self.is_demo or self.is_gone or self.is_unsettled or is_over)

    @property
    def must_connect(self) -> bool:
        return isinstance(self.problem, (ReconnectRequired, NotConnected, StubsDisabled))


@page()
def event(request: HttpRequest, provider: str, event_id: str) -> HttpResponse:
    """One event, as its calendar has it, or as AVA knows it where that gives no answer."""
    return _show(request, _found(request, provider, event_id), "event")


@page("GET", "POST")
def delete(request: HttpRequest, provider: str, event_id: str) -> HttpResponse:
    """Page that says what a deletion will do; by POST, it is done."""
    if request.method != "POST":
        return _show(request, _found(request, provider, event_id), "delete")
    try:
        services.delete(user=user_of(request), provider=provider, event_id=storable(event_id))
    except EventNotFound:
        raise
    except Problem as problem:
        found = _found(request, provider, event_id, refusal=problem)
        return _show(request, found, "delete", status=problem.status)
    toast(request, f"The event is deleted from {NAMES[provider]}.")
    return redirect(request, "calendar")


def _show(request: HttpRequest, found: EventPage, name: str, *, status: int = 200) -> HttpResponse:
    fragments = {"drawer-body": f"calendar/_{name}_sheet.html", "event": "calendar/_event.html"}
    status = 422 if status >= 400 and is_fragment(request) else status
    return render(request, f"calendar/{name}.html", found, fragments=fragments, status=status)


def _found(
    request: HttpRequest, provider: str, event_id: str, *, refusal: Problem | None = None
) -> EventPage:
    """Raises: UnknownCalendar, EventNotFound."""
    require_known(provider)
    user, tz, event_id = user_of(request), zone_of(request), storable(event_id)
    row = held.named(user.pk, provider, event_id)
    found, problem, is_gone = held.shown(row) if row else None, None, False
    try:
        found = services.event(user=user, provider=provider, event_id=event_id, now=timezone.now())
    except EventNotFound:
        if row is None:
            raise
        is_gone = True
    except (NotConnected, StubsDisabled):
        if row is None:
            raise EventNotFound from None
        problem = connections.not_connected(user=user, provider=provider)
    except Problem as refused:
        problem = refused
    path = reverse("calendar-event", args=[provider, event_id])
    day = times.day_of(agenda.start_of(found, tz), tz).isoformat() if found else ""
    return EventPage(
        title=(found.title if found else "") or "Event",
        provider=provider,
        calendar=NAMES[provider],
        event_id=event_id,
        event=found,
        when=agenda.span(found, tz) if found else "",
        zone="" if not found or found.all_day else tz.key,
        week=f"{reverse('calendar')}?{urlencode({'from': day})}" if day else reverse("calendar"),
        row=row,
        steps=_steps(row) if row else [],
        activity=navigation.story(row.correlation_id) if row else "",
        problem=problem,
        is_gone=is_gone,
        is_demo=row is None and event_id.startswith("stub-"),
        curl=curl.command(request, "GET", path),
        correlation_id=correlation.current(),
        refusal=refusal,
    )


def _steps(row: CalendarEvent) -> list[Step]:
    entries = row.entries
    return [
        Step(
            (shown := states.shown(entry.status)).tone,
            shown.icon,
            shown.word.capitalize(),
            entry.detail[:1].upper() + entry.detail[1:],
            entry.at,
            is_now=entry is entries[-1] and row.status in UNSENT,
        )
        for entry in entries
    ]


@page("GET", "POST")
def create(request: HttpRequest) -> HttpResponse:
    user, tz = user_of(request), zone_of(request)
    calendars = week.connected(user)
    if not calendars:
        toast(request, "Connect a calendar first: then events can be created.", kind="waiting")
        return redirect(request, "calendar")
    sheet = Sheet(
        "New event", "Calendar", "calendar", "event-new", "calendar/_fields.html", "Create event",
        reverse("calendar-events", args=[_chosen(request, calendars)]),
        styles="ava/pages/calendar.css",
    )  # fmt: skip
    if request.method != "POST":
        initial = {**_initial(request, tz), "key": uuid.uuid4()}
        return sheet.show(request, NewEventForm(initial=initial, calendars=calendars))
    wanted = NewEventForm(request.POST, calendars=calendars)
    if not wanted.is_valid():
        return sheet.refuse(request, wanted)
    provider = wanted.cleaned_data["calendar"]

    def act(row: uuid.UUID | None) -> Reply:
        made = services.create(user=user, provider=provider, idempotency=row, **wanted.checked)
        return Reply(201, {"id": made.shown_id, "status": made.status})

    try:
        made = wanted.do(user=user, scope=f"console.calendar.{provider}", act=act).body
    except Problem as problem:
        return sheet.refuse(request, wanted, problem)
    address = reverse("event", args=[provider, made["id"]])
    if made["status"] in UNSENT:
        text = f"No answer from {NAMES[provider]} yet. AVA is finding out whether it has the event."
        toast(request, text, kind="waiting")
        return redirect(request, address)
    is_there = made["status"] in (CONFIRMED, TENTATIVE)
    undo = reverse("event-delete", args=[provider, made["id"]]) if is_there else ""
    toast(request, f"The event is in {NAMES[provider]}.", undo=undo)
    day = wanted.cleaned_data["start_day"].isoformat()
    return redirect(request, f"{reverse('calendar')}?{urlencode({'from': day})}")


def _chosen(request: HttpRequest, calendars: Sequence[Description]) -> str:
    """The calendar that the form has, as far as it is one of them."""
    known = [each.provider for each in calendars]
    wanted = request.POST.get("calendar", request.GET.get("calendar", ""))
    return wanted if wanted in known else known[0]


def _initial(request: HttpRequest, tz: ZoneInfo) -> dict[str, Any]:
    """Values that the address names; else the next full hour."""
    given = {name: request.GET[name] for name in _PREFILLED if request.GET.get(name)}
    start = timezone.now().astimezone(tz).replace(minute=0) + HOUR
    end = start + HOUR
    usual = {
        "start_day": start.date(),
        "start_time": f"{start:%H:%M}",
        "end_day": end.date() if end.date() != start.date() else None,
        "end_time": f"{end:%H:%M}",
        "time_zone": tz.key,
    }
    return usual | given
