"""What the rooms of calls and messages share: a list with its filters, news of it, time lines."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast
from urllib.parse import urlencode, urlsplit
from zlib import crc32

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request

from ava.console import curl, home, navigation, states
from ava.console.writing import phone
from ava.http.api import validation_problem
from ava.http.keyset import MOST_COUNTED, KeysetPagination, Scan
from ava.idempotency.forms import names
from ava.intents.timeline import Source
from telephony.intents.models import Communication

SHOWN: Final = "shown"
"""In the address that asks for news: the moment up to which the list is shown."""

_MOST_NEW: Final = 99
_JUST_CHANGED: Final = timedelta(minutes=2)
_WORDS: Final = {
    "search": "with “{}”",
    "status": "{}",
    "direction": "{}",
    "to": "to {}",
    "from": "from {}",
    "since": "since {}",
    "until": "until {}",
    "correlation_id": "of {}",
}
_SOURCES: Final = {
    Source.API: "Asked for through AVA",
    Source.CALLBACK: "Reported by the provider",
    Source.FETCH: "Looked up at the provider",
    Source.RECONCILE: "Found out by AVA",
    Source.USER: "Done by a person",
}
_KEPT: Final = ("to", "from", "until", "correlation_id")
# Seconds between two looks at what still goes on, by how long nothing has changed. With the list
# beside it, which looks every 5 s, a page asks at most once a second.
_PACE: Final = ((60, 2), (300, 3), (3600, 15))
_SLOWEST: Final = 60
_SOON: Final = 600  # up to this the seconds between two steps are told
_LATE: Final = ("duration", "transcript", "summary", "recording_url", "stop_requested")
_LATE_FACTS: Final = timedelta(minutes=2)  # a price or a transcript comes after the end

# Calls and messages that pass the filters: a query, or a `Scan`.
Find = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Chip:
    """A filter that is on; its address is the list without it."""

    word: str
    href: str


@dataclass(frozen=True)
class Listed:
    """A list of calls or messages, the newest first."""

    title: str
    noun: str
    address: str
    rows: Sequence[Communication]
    filters: Mapping[str, str]
    statuses: Sequence[tuple[str, str]]
    faults: Sequence[str]
    chips: Sequence[Chip]
    count: str
    newer: str
    older: str
    news: str
    new: int
    curl: str

    @property
    def is_first(self) -> bool:
        """There is nothing at all yet."""
        return not (self.rows or self.filters or self.newer or self.older)

    @property
    def kept(self) -> Sequence[tuple[str, str]]:
        """Filters that have no control of their own."""
        return [(name, self.filters[name]) for name in _KEPT if name in self.filters]

    @property
    def clean(self) -> str:
        """Its own address, with the filters alone."""
        return _with(self.address, self.filters)

    @property
    def changing(self) -> Sequence[Communication]:
        """Rows whose state may have changed while they were shown."""
        lately = timezone.now() - _JUST_CHANGED
        return [row for row in self.rows if not row.is_final or row.updated_at > lately]


def listed(
    request: HttpRequest,
    *,
    title: str,
    noun: str,
    room: str,
    known: type[serializers.Serializer[Any]],
    find: Find,
    words: Sequence[str],
) -> Listed:
    """The page of the list that the address asks for.

    Args:
        noun: of one row.
        known: filters, as the API takes them.
        find: the API's own query.
        words: statuses to choose from.
    """
    address = reverse(room)
    given = {name: text for name in names(known) if (text := request.GET.get(name))}
    shown = _moment(request.GET.get(SHOWN, ""))
    pager, rows, faults, links = KeysetPagination(), [], [], {}
    filters: Mapping[str, Any] = {}
    try:
        check = known(data=given)
        check.is_valid(raise_exception=True)
        filters = check.validated_data
        rows = pager.paginate_queryset(find(_until(filters, shown)), Request(request))
        links = cast(Any, pager.get_paginated_response(rows).data)
    except serializers.ValidationError as fault:
        faults = sentences(fault)
    is_newest = "cursor" not in request.GET and not faults
    return Listed(
        title=title,
        noun=noun,
        address=address,
        rows=rows,
        filters=given,
        statuses=[(word, states.shown(word).word) for word in words],
        faults=faults,
        chips=[_chip(address, given, name) for name in given],
        count=_count(links.get("count"), noun) if links else "",
        newer=_link(address, links.get("previous")),
        older=_link(address, links.get("next")),
        news="" if faults else _news(request, address, shown or _newest(rows)),
        new=_new(find, filters, shown) if shown and is_newest else 0,
        curl=curl.command(request, "GET", _with(reverse(f"twilio-{room}"), given)),
    )


def sentences(fault: serializers.ValidationError) -> list[str]:
    errors = validation_problem(fault.detail).errors or {}
    return [f"{name}: {each}" for name, found in errors.items() for each in found]


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if timezone.is_aware(found) else None


def _newest(rows: Sequence[Communication]) -> datetime:
    """The moment after the newest row."""
    return rows[0].created_at + timedelta(microseconds=1) if rows else timezone.now()


def _until(filters: Mapping[str, Any], shown: datetime | None) -> Mapping[str, Any]:
    """The filters of rows that are shown already."""
    if shown is None:
        return filters
    return {**filters, "until": min(shown, filters.get("until", shown))}


def _new(find: Find, filters: Mapping[str, Any], shown: datetime) -> int:
    """Number of rows that have come since, counted up to one more than are shown."""
    found = find({**filters, "since": max(shown, filters.get("since", shown))})
    rows = found.rows.filter(found.match) if isinstance(found, Scan) else found
    return int(rows[: _MOST_NEW + 1].count())


def _news(request: HttpRequest, address: str, newest: datetime) -> str:
    return _with(address, {**request.GET.dict(), SHOWN: newest.isoformat()})


def _chip(address: str, given: Mapping[str, str], name: str) -> Chip:
    value = states.shown(given[name]).word if name == "status" else phone(given[name])
    rest = {key: text for key, text in given.items() if key != name}
    return Chip(_WORDS[name].format(value), _with(address, rest))


def _count(number: int | None, noun: str) -> str:
    if number is None:
        return f"more than {MOST_COUNTED:,} {noun}s"
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _link(address: str, link: str | None) -> str:
    return f"{address}?{urlsplit(link).query}" if link else ""


def _with(address: str, query: Mapping[str, str]) -> str:
    return f"{address}?{urlencode(query)}" if query else address


@dataclass(frozen=True)
class Step:
    """An entry of a time line."""

    tone: states.Tone
    icon: str
    title: str
    detail: str
    at: datetime
    is_now: bool


@dataclass(frozen=True)
class Story:
    """One call or message, as it goes on."""

    row: Communication
    list: str  # its address
    steps: Sequence[Step]
    every: int  # seconds until the next look; 0: nothing more is to come
    mark: str  # the same for as long as nothing has changed

    @property
    def person(self) -> str:
        """The address of whom it is with."""
        inbound = self.row.direction == self.row.Direction.INBOUND
        return self.row.from_number if inbound else self.row.to

    @property
    def activity(self) -> str:
        """Address of all that happened under its correlation ID."""
        room = navigation.link(home.ACTIVITY)
        return f"{room}/{self.row.correlation_id}" if room and self.row.correlation_id else ""


def told(row: Communication, *, room: str) -> Story:
    entries = row.entries
    steps = [
        _step(entry, before, is_now=entry is entries[-1] and not row.is_final)
        for before, entry in zip([None, *entries], entries, strict=False)
    ]
    every = _every(row, timezone.now())
    facts = repr((row.status, len(steps), row.price, row.error, every, *_late(row)))
    return Story(row, reverse(room), steps, every, mark=f"{crc32(facts.encode()):x}")


def _late(row: Communication) -> list[Any]:
    """What may become known after the end."""
    return [getattr(row, name, None) for name in _LATE]


def _step(entry: Any, before: Any, *, is_now: bool) -> Step:
    shown = states.shown(entry.status)
    said, source = _sentence(entry.detail), _SOURCES.get(entry.source, "")
    if said and before and before.status == entry.status:
        title, detail = said, source
    else:
        title, detail = _sentence(shown.word), said or source
    seconds = int((entry.at - before.at).total_seconds()) if before else 0
    if 0 < seconds < _SOON:
        detail = f"{detail}, {seconds} s later"
    return Step(shown.tone, shown.icon, title, detail, entry.at, is_now)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".")


def _every(row: Communication, now: datetime) -> int:
    quiet = now - row.updated_at
    if row.is_final:
        return 5 if quiet < _LATE_FACTS and row.is_billed else 0
    if row.status in row.machine.resting and quiet.total_seconds() > 3600:
        return 0
    seconds = quiet.total_seconds()
    return next((pace for most, pace in _PACE if seconds < most), _SLOWEST)
