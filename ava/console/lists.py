"""Lists: a page of rows, filters and chips in the address, news of what has come since."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final, Self, cast
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from rest_framework import serializers
from rest_framework.request import Request

from ava.console import curl, states
from ava.console.views import is_fragment, render
from ava.console.writing import phone
from ava.http.api import validation_problem
from ava.http.keyset import MOST_COUNTED, KeysetPagination, Scan

SHOWN: Final = "shown"
"""In the address that asks for news: the moment up to which the list is shown."""

_MOST_NEW: Final = 99
_JUST_CHANGED: Final = timedelta(minutes=2)
_WORDS: Final = {
    "search": "with “{}”",
    "status": "{}",
    "direction": "{}",
    "backend": "by {}",
    "to": "to {}",
    "recipient": "to {}",
    "from": "from {}",
    "since": "since {}",
    "until": "until {}",
    "correlation_id": "of {}",
    "assistant_id": "with {}",
}
_FACETS: Final = ("status", "assistant_id")
_KEPT: Final = ("to", "from", "recipient", "backend", "until", "correlation_id")

# Rows that pass the filters: a query, or a `Scan`.
Find = Callable[[Mapping[str, Any]], Any]


class Pages(KeysetPagination):
    """Pages of the console's lists: as many rows as one looks over."""

    default_limit = 25


@dataclass(frozen=True)
class Chip:
    """A filter that is on; its address is the list without it."""

    word: str
    href: str


@dataclass(frozen=True)
class Listed:
    """A page of a list, the newest first."""

    title: str
    noun: str
    address: str
    rows: Sequence[Any]
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

    @cached_property
    def narrower(self) -> Mapping[str, str]:
        """By filter: an address that ends where the filter's value is to stand."""
        return {
            name: _with(self.address, {**_without(self.filters, name), name: ""})
            for name in _FACETS
        }

    @property
    def changing(self) -> Sequence[Any]:
        """Rows whose state may have changed while they were shown."""
        return [row for row in self.rows if row.is_changing]

    def as_rows(self, row: Callable[[Any], Any]) -> Self:
        """The same, each of its rows made ready for the template."""
        return replace(self, rows=[row(each) for each in self.rows])

    def answer(self, request: HttpRequest, folder: str, **more: Any) -> HttpResponse:
        """The page, or its rows or news alone.

        Args:
            folder: of the templates `index.html`, `_rows.html` and `_news.html`.
            more: that the templates need.
        """
        fragments = {name: f"{folder}/_{name}.html" for name in ("rows", "news")}
        status = 400 if self.faults and not is_fragment(request) else 200
        response = render(
            request, f"{folder}/index.html", self, fragments=fragments, status=status, **more
        )
        if request.headers.get("HX-Target") == "rows":
            response.headers["HX-Push-Url"] = self.clean
        return response


def listed(
    request: HttpRequest,
    *,
    title: str,
    noun: str,
    room: str,
    api: str,
    known: type[serializers.Serializer[Any]],
    find: Find,
    words: Sequence[str] = (),
    dress: Callable[[list[Any]], list[Any]] = list,
    is_live: bool = True,
) -> Listed:
    """The page of the list that the address asks for.

    Args:
        noun: of one row.
        room: URL name of the list; `api`: of the same list in the REST API.
        known: filters, as the API takes them.
        find: the API's own query.
        words: statuses to choose from.
        dress: gives the rows of one page what they are shown with.
        is_live: rows come by themselves, and have `created_at`.
    """
    address = reverse(room)
    given = {str(name): text for name in known().fields if (text := request.GET.get(str(name)))}
    shown = _moment(request.GET.get(SHOWN, "")) if is_live else None
    pager, rows, faults, links = Pages(), [], [], {}
    filters: Mapping[str, Any] = {}
    try:
        check = known(data=given)
        check.is_valid(raise_exception=True)
        filters = check.validated_data
        rows = dress(pager.paginate_queryset(find(_until(filters, shown)), Request(request)))
        links = cast(Any, pager.get_paginated_response(rows).data)
    except serializers.ValidationError as fault:
        faults = _sentences(fault)
    is_newest = "cursor" not in request.GET and not faults
    return Listed(
        title=title,
        noun=noun,
        address=address,
        rows=rows,
        filters=given,
        statuses=[(word, capfirst(states.shown(word).word)) for word in words],
        faults=faults,
        chips=[_chip(address, given, name) for name in given],
        count=_count(links.get("count"), noun) if links else "",
        newer=_link(address, links.get("previous")),
        older=_link(address, links.get("next")),
        news=_news(request, address, shown or _newest(rows)) if is_live and not faults else "",
        new=_new(find, filters, shown) if shown and is_newest else 0,
        curl=curl.command(request, "GET", _with(reverse(api), _exact(given, filters))),
    )


def may_change(row: Any) -> bool:
    """Whether its state may change while it is shown, or has just done so."""
    return not row.is_final or row.updated_at > timezone.now() - _JUST_CHANGED


def _sentences(fault: serializers.ValidationError) -> list[str]:
    errors = validation_problem(fault.detail).errors or {}
    return [f"{name}: {each}" for name, found in errors.items() for each in found]


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if timezone.is_aware(found) else None


def _newest(rows: Sequence[Any]) -> datetime:
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
    return Chip(_WORDS[name].format(value), _with(address, _without(given, name)))


def _without(given: Mapping[str, str], name: str) -> dict[str, str]:
    return {key: text for key, text in given.items() if key != name}


def _count(number: int | None, noun: str) -> str:
    many = f"{noun}es" if noun.endswith(("s", "ch")) else f"{noun}s"
    if number is None:
        return f"more than {MOST_COUNTED:,} {many}"
    return f"{number:,} {noun if number == 1 else many}"


def _exact(given: Mapping[str, str], filters: Mapping[str, Any]) -> dict[str, str]:
    """The filters as a program gives them, which has no clocks of a browser."""
    moments = {name: each for name, each in filters.items() if isinstance(each, datetime)}
    return {**given, **{name: each.isoformat() for name, each in moments.items()}}


def _link(address: str, link: str | None) -> str:
    return f"{address}?{urlsplit(link).query}" if link else ""


def _with(address: str, query: Mapping[str, str]) -> str:
    return f"{address}?{urlencode(query)}" if query else address
