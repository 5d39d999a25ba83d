"""Pages of the booking tool: how assistants book, the JSON for Vapi, the tools in an assistant."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from ava.console import curl
from ava.console.views import is_fragment, page, redirect, render, toast, user_of
from ava.http import correlation
from ava.http.problems import Problem
from integrations.calendar import queries as calendars
from integrations.calendar.providers import NAMES
from integrations.calendar.room import tabs
from integrations.calendar.room.pages import WHOLE
from integrations.calendar.room.zones import zone_of
from vapi_settings import queries
from vapi_settings.booking import installation, services, tools
from vapi_settings.booking.forms import BookingToolForm, values_of
from vapi_settings.errors import AssistantAmbiguous, WriteUnconfirmed
from vapi_settings.models import BookingTool, Revision
from vapi_settings.records import Summary
from vapi_settings.room import address

BOOKS_NOTHING: Final = "Takes no appointments: it can offer to take a message."


@dataclass(frozen=True)
class Installation:
    """The tools in one assistant, or why that is not known."""

    state: str = ""
    assistant: Summary | None = None
    assistants: Sequence[Summary] = ()
    can_be_proven: bool = True
    is_stale: bool = False
    problem: Problem | None = None

    @property
    def name(self) -> str:
        return self.assistant.name or self.assistant.id if self.assistant else ""


@dataclass(frozen=True)
class BookingPage:
    title: str
    tabs: Sequence[tabs.Tab]
    row: BookingTool
    calendar: str  # its name
    is_connected: bool
    zone: str  # of the browser
    json: str
    installed: Installation | None  # None: not asked for yet
    refusal: Problem | None  # why nothing was changed in the assistant
    here: str
    whole: str
    curl: str
    install_curl: str
    correlation_id: str

    @property
    def books(self) -> str:
        """Behaviour of an assistant with the tools, in words."""
        row = self.row
        return (
            f"Offers free times of {self.calendar} and books them: {row.duration} minutes each, "
            f"{row.working_hours} ({row.time_zone}), from {row.notice} minutes from now to "
            f"{row.days_ahead} days ahead."
        )

    @property
    def nothing(self) -> str:
        return BOOKS_NOTHING


@page("GET", "POST")
def tool(request: HttpRequest) -> HttpResponse:
    """The settings with the JSON; by POST, they are stored."""
    user = user_of(request)
    if request.method != "POST":
        return _show(request, BookingToolForm(initial=values_of(services.settings_of(user))))
    form = BookingToolForm(request.POST)
    if not form.is_valid():
        return _show(request, form, status=422)
    services.change(user=user, **form.checked)
    toast(request, "How appointments are booked is stored.")
    return redirect(request, "booking-tool")


@page("POST")
def install(request: HttpRequest) -> HttpResponse:
    return _change(request, installation.install, "{} books appointments now.")


@page("POST")
def remove(request: HttpRequest) -> HttpResponse:
    return _change(request, installation.uninstall, "{} takes no appointments any more.")


def _change(request: HttpRequest, act: Callable[..., None], said: str) -> HttpResponse:
    """Change the tools in an assistant. A toast's Undo names it in its address."""
    user, assistant_id = user_of(request), _assistant_id(request)
    try:
        act(user=user, assistant_id=assistant_id, source=Revision.Source.CONSOLE)
        summary = queries.assistant(user=user, assistant_id=assistant_id).value.assistant.summary
    except WriteUnconfirmed as problem:
        toast(request, problem.detail, kind="waiting")
    except Problem as problem:
        form = BookingToolForm(initial=values_of(services.settings_of(user)))
        return _show(request, form, refusal=problem, status=problem.status)
    else:
        other = "remove" if act is installation.install else "install"
        undo = address(f"booking-tool-{other}", assistant_id=summary.id)
        toast(request, said.format(summary.name or summary.id), undo=undo)
    return redirect(request, address("booking-tool", assistant_id=assistant_id))


def _assistant_id(request: HttpRequest) -> str | None:
    return request.POST.get("assistant_id") or request.GET.get("assistant_id") or None


def _show(
    request: HttpRequest,
    form: BookingToolForm,
    *,
    refusal: Problem | None = None,
    status: int = 200,
) -> HttpResponse:
    user, assistant_id = user_of(request), _assistant_id(request)
    is_asked = is_fragment(request) or WHOLE in request.GET or refusal is not None
    row = services.settings_of(user)
    known = {each.provider: each.state for each in calendars.describe_all(user=user)}
    query = {"assistant_id": assistant_id}
    body = {name: value for name, value in values_of(row).items() if value != ""}
    at_vapi = address("vapi-booking-tool-installation", **query)
    found = BookingPage(
        title="Booking tool",
        tabs=tabs.shown("booking-tool"),
        row=row,
        calendar=NAMES[row.calendar],
        is_connected=known[row.calendar] == "connected",
        zone=zone_of(request).key,
        json=json.dumps(tools.definitions(row, {}), indent=2, ensure_ascii=False),
        installed=_installed(request, assistant_id) if is_asked else None,
        refusal=refusal,
        here=address("booking-tool", **query),
        whole=address("booking-tool", **query, whole="1"),
        curl=curl.command(request, "PUT", reverse("vapi-booking-tool"), body),
        install_curl=curl.command(request, "PUT", at_vapi),
        correlation_id=correlation.current(),
    )
    fragments = {"installation": "vapi/booking/_installation.html"}
    if refusal is not None and is_fragment(request):
        status = 422
    return render(
        request, "vapi/booking/index.html", found, fragments=fragments, status=status, form=form
    )


def _installed(request: HttpRequest, assistant_id: str | None) -> Installation:
    user = user_of(request)
    try:
        state, copy = installation.state(user=user, assistant_id=assistant_id)
    except AssistantAmbiguous:
        return Installation(assistants=_assistants(request))
    except Problem as problem:
        return Installation(problem=problem)
    return Installation(
        state=state,
        assistant=copy.value.assistant.summary,
        assistants=_assistants(request) if not copy.stale else (),
        can_be_proven=installation.can_be_proven(user),
        is_stale=copy.stale,
    )


def _assistants(request: HttpRequest) -> Sequence[Summary]:
    try:
        found: Sequence[Any] = queries.assistants(user=user_of(request)).value
    except Problem:
        return ()
    return found
