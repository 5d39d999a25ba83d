"""Pages of activity: the list with its filters, and the one story of a correlation ID."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, cast
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from rest_framework.request import Request
from rest_framework.serializers import ValidationError

from ava.activity import queries
from ava.activity.api import FiltersSerializer
from ava.activity.verdict import Verdict, verdict
from ava.activity.waterfall import Bar, waterfall
from ava.activity.words import ICONS, KINDS, is_waiting, status_of, words_of
from ava.console import curl
from ava.console.lists import Pages
from ava.console.states import Tone
from ava.console.templatetags.console import ago, badge
from ava.console.views import is_fragment, page, redirect, render, user_of
from ava.http import correlation
from ava.http.api import validation_problem
from ava.http.problems import NotFound

FILTERS: Final = ("kind", "failed", "since", "until")
_STATES: Final[Mapping[Tone, Callable[[], str]]] = {
    "good": partial(badge, "completed", "done", plain=True),
    "waiting": partial(badge, "running", "under way", plain=True),
    "bad": partial(badge, "failed", plain=True),
}
# Pages by what an entry's address in the API ends with.
_PAGES: Final = (
    (re.compile(r"/twilio/calls/([0-9a-f-]{36})$"), "call"),
    (re.compile(r"/twilio/messages/([0-9a-f-]{36})$"), "message"),
    (re.compile(r"/integrations/email/messages/([0-9a-f-]{36})$"), "mail-message"),
    (re.compile(r"/integrations/calendar/([a-z]+)/events/([^/]+)$"), "event"),
    (re.compile(r"/vapi/settings/([^/]+)/history$"), "vapi-setting"),
)


@dataclass(frozen=True)
class Line:
    """One thing that happened, in words."""

    at: datetime
    kind: str
    word: str
    icon: str
    summary: str
    status: str
    tone: Tone
    failed: bool
    ms: float | None
    cause: str
    href: str  # of the page of what it is about
    correlation_id: str
    after_ms: int = 0  # since the story's beginning

    @property
    def story(self) -> str:
        return reverse("activity-story", args=[self.correlation_id]) if self.correlation_id else ""

    @property
    def detail(self) -> str:
        if self.after_ms < 0:
            return f"{self.word}, before it began"
        took = f"{self.word}, {self.after_ms:,} ms after the beginning"
        return f"{took}. {self.cause}" if self.cause else took


@dataclass(frozen=True)
class Row:
    """One thing that happened, in the list."""

    when: str
    story: str  # its address
    summary: str
    cause: str
    word: str
    same: str  # the list of its kind alone
    state: str
    status: str
    takes: str


@dataclass(frozen=True)
class Span:
    """A bar of the waterfall; start and width in hundredths of the whole."""

    name: str
    detail: str
    ms: int
    start: float
    width: float
    tone: Tone


@dataclass(frozen=True)
class ActivityPage:
    title: str
    rows: Sequence[Row]
    filters: Mapping[str, str]
    kinds: Sequence[tuple[str, str]]
    chips: Sequence[tuple[str, str]]
    faults: Sequence[str]
    count: str
    newer: str
    older: str
    curl: str

    @property
    def is_first(self) -> bool:
        """There is nothing at all yet."""
        return not (self.rows or self.filters or self.newer or self.older or self.faults)


@page()
def activity(request: HttpRequest) -> HttpResponse:
    """The list; a correlation ID that was pasted leads to its story."""
    pasted = request.GET.get("id", "").strip()
    if pasted and correlation.accept(pasted) == pasted:
        return redirect(request, "activity-story", pasted)
    found = _listed(request)
    if pasted:
        found = _listed(
            request, faults=["This is no correlation ID: it has letters, digits, hyphens."]
        )
    status = 400 if found.faults and not is_fragment(request) else 200
    fragments = {"rows": "activity/_rows.html"}
    response = render(request, "activity/index.html", found, fragments=fragments, status=status)
    if request.headers.get("HX-Target") == "rows":
        response.headers["HX-Push-Url"] = _with(reverse("activity-page"), found.filters)
    return response


def _listed(request: HttpRequest, faults: Sequence[str] = ()) -> ActivityPage:
    given = {name: text for name in FILTERS if (text := request.GET.get(name))}
    pager, rows, links = Pages(), [], cast(Any, {})
    try:
        check = FiltersSerializer(data=given)
        check.is_valid(raise_exception=True)
        wanted = queries.newest(user=user_of(request), **check.validated_data)
        rows = pager.paginate_queryset(wanted, Request(request))
        links = cast(Any, pager.get_paginated_response([]).data)
    except ValidationError as fault:
        errors = validation_problem(fault.detail).errors or {}
        faults = [*faults, *(text for found in errors.values() for text in found)]
    count = links.get("count")
    address = reverse("activity-page")
    return ActivityPage(
        title="Activity",
        rows=[_row(_line(row), _with(address, {**given, "kind": row.kind})) for row in rows],
        filters=given,
        kinds=list(KINDS.items()),
        chips=[
            (_chip(name, value), _with(address, {k: v for k, v in given.items() if k != name}))
            for name, value in given.items()
        ],
        faults=faults,
        count="" if not links else "many" if count is None else f"{count:,} in all",
        newer=_link(address, links.get("previous")),
        older=_link(address, links.get("next")),
        curl=curl.command(request, "GET", _with(reverse("activity"), given)),
    )


def _chip(name: str, value: str) -> str:
    if name == "kind":
        return KINDS.get(value, value)
    if name == "failed":
        return "Failed" if value == "true" else "Not failed"
    return f"{name.capitalize()} {value}"


def _link(address: str, link: str | None) -> str:
    return f"{address}?{urlsplit(link).query}" if link else ""


def _with(address: str, query: Mapping[str, str]) -> str:
    return f"{address}?{urlencode(query)}" if query else address


@dataclass(frozen=True)
class StoryPage:
    title: str
    correlation_id: str
    verdict: Verdict | None
    entries: Sequence[Line]
    spans: Sequence[Span]
    total_ms: int
    href: str  # of the page of what came of it
    curl: str


@page()
def story(request: HttpRequest, correlation_id: str) -> HttpResponse:
    if correlation.accept(correlation_id) != correlation_id:
        raise NotFound("No request of AVA's can have this ID.")
    entries = queries.story(user=user_of(request), correlation_id=correlation_id)
    own = [one for one in entries if one.correlation_id == correlation_id]
    begun = own[0].at if own else None
    lines = [_line(one, begun) for one in entries]
    bars, total = waterfall(entries)
    found = StoryPage(
        title="What happened",
        correlation_id=correlation_id,
        verdict=verdict(entries) if entries else None,
        entries=lines,
        spans=[_span(bar) for bar in bars],
        total_ms=round(total),
        href=next((one.href for one in reversed(lines) if one.href), ""),
        curl=curl.command(request, "GET", reverse("story", args=[correlation_id])),
    )
    fragments = {"drawer-body": "activity/_story.html"}
    return render(request, "activity/story.html", found, fragments=fragments)


def _line(row: Any, begun: datetime | None = None) -> Line:
    return Line(
        at=row.at,
        kind=row.kind,
        word=KINDS.get(row.kind, row.kind),
        icon=ICONS.get(row.kind, "circle"),
        summary=row.summary,
        status=status_of(row.kind, row.status),
        tone=_tone(row),
        failed=row.failed,
        ms=row.duration_ms,
        cause=str(words_of(row.kind, row.status)) if row.failed else "",
        href=_href(row.link),
        correlation_id=row.correlation_id,
        after_ms=round((row.at - begun) / timedelta(milliseconds=1)) if begun else 0,
    )


def _row(line: Line, same: str) -> Row:
    return Row(
        when=ago(line.at),
        story=line.story,
        summary=line.summary,
        cause=line.cause,
        word=line.word,
        same=same,
        state=_STATES[line.tone](),
        status=line.status if line.status not in ("done", "failed") else "",
        takes="-" if line.ms is None else f"{line.ms:,.0f} ms",
    )


def _tone(row: Any) -> Tone:
    return "bad" if row.failed else "waiting" if is_waiting(row.status) else "good"


def _span(bar: Bar) -> Span:
    one = bar.of
    word, ms = KINDS.get(one.kind, one.kind), round(one.duration_ms or 0)
    return Span(word, one.summary, ms, bar.start, bar.width, _tone(one))


def _href(link: str) -> str:
    """The console's page of what has this address in the API; empty where there is none."""
    for pattern, name in _PAGES:
        if found := pattern.search(link):
            try:
                return reverse(name, args=found.groups())
            except NoReverseMatch:
                return ""
    return ""
