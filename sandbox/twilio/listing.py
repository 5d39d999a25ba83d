"""Twilio's lists: pages, and filters by equality and by day or moment."""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlencode

from sandbox.twilio.errors import RefusedError
from sandbox.wire import Query, Request

PAGE_SIZE = 50
LARGEST_PAGE = 1000

_MOMENTS = ("StartTime", "EndTime", "DateSent")

Resource = dict[str, Any]


def page(name: str, items: list[Resource], request: Request) -> Resource:
    """One page of `items`, as the request's PageSize and Page say."""
    size = min(max(_whole(request.query, "PageSize", PAGE_SIZE), 1), LARGEST_PAGE)
    number = max(_whole(request.query, "Page", 0), 0)
    pages = max(math.ceil(len(items) / size), 1)
    start = number * size
    shown = items[start : start + size]

    def uri(number: int) -> str:
        kept = [(k, v) for k, v in request.query if k not in ("Page", "PageSize", "PageToken")]
        return f"{request.path}?{urlencode([*kept, ('PageSize', size), ('Page', number)])}"

    return {
        "first_page_uri": uri(0),
        "end": max(start + len(shown) - 1, 0),
        name: shown,
        "next_page_uri": uri(number + 1) if number + 1 < pages else None,
        "page": number,
        "page_size": size,
        "previous_page_uri": uri(number - 1) if number else None,
        "start": start,
        "uri": uri(number),
    }


class Listed(Protocol):
    """Item of a list."""

    def resource(self) -> Resource: ...

    def timestamps(self) -> Mapping[str, datetime | None]:
        """Times by parameter name, such as StartTime. None meets no filter."""
        ...


def filtered(items: Iterable[Listed], query: Query, equal: Mapping[str, str]) -> list[Resource]:
    """The resources of those that the query asks for, in their order.

    A queued call has not started on any day, so a filter by StartTime leaves it out.

    Args:
        equal: parameter -> attribute that must be equal.
    Raises: RefusedError 400 for a date that is none.
    """
    asked = [(name, value) for name, value in query if value]
    exact = [(equal[name], value) for name, value in asked if name in equal]
    spans = [(name, *_span(value)) for name, value in asked if name.rstrip("<>") in _MOMENTS]
    return [
        item.resource()
        for item in items
        if all(getattr(item, attribute) == value for attribute, value in exact)
        and all(_within(item.timestamps(), *span) for span in spans)
    ]


def _within(
    timestamps: Mapping[str, datetime | None], name: str, low: datetime, high: datetime
) -> bool:
    plain = name.rstrip("<>")
    if plain not in timestamps:
        return True
    moment = timestamps[plain]
    if moment is None:
        return False
    match name.removeprefix(plain):
        case "<":
            return moment < high
        case ">":
            return moment >= low
    return low <= moment < high


def _span(text: str) -> tuple[datetime, datetime]:
    """Span of a day or a moment of the query."""
    day = re.fullmatch(r"\d{4}-\d{2}-\d{2}", text)
    try:
        start = datetime.fromisoformat(text)
        start = start if start.tzinfo else start.replace(tzinfo=UTC)
        return start, start + (timedelta(days=1) if day else timedelta(seconds=1))
    except (ValueError, OverflowError):
        raise RefusedError(400, 20001, f"Invalid date: {text}") from None


def _whole(query: Query, name: str, default: int) -> int:
    text = dict(query).get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default
