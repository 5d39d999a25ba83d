"""Twilio's lists: pages, and filters by equality and by day or moment."""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sandbox.twilio.errors import RefusedError
from sandbox.wire import Query, Request

PAGE_SIZE = 50
LARGEST_PAGE = 1000

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


def chosen(
    items: Iterable[tuple[Resource, Mapping[str, datetime | None]]],
    query: Query,
    equal: Mapping[str, str],
) -> list[Resource]:
    """The resources that the query asks for.

    Args:
        items: each with its moments by parameter name (StartTime ...). One that has not come yet
            meets no filter: a queued call has not started on any day.
        equal: parameter -> field that must be equal.
    Raises: RefusedError 400 for a date that is none.
    """
    asked = [(name, value) for name, value in query if value]
    return [
        resource
        for resource, moments in items
        if all(_meets(resource, moments, equal, name, value) for name, value in asked)
    ]


def _meets(
    resource: Resource,
    moments: Mapping[str, datetime | None],
    equal: Mapping[str, str],
    name: str,
    value: str,
) -> bool:
    if name in equal:
        return bool(resource[equal[name]] == value)
    plain = name.rstrip("<>")
    if plain not in moments:
        return True
    low, high = _span(value)
    moment = moments[plain]
    if moment is None:
        return False
    match name.removeprefix(plain):
        case "<":
            return moment < high
        case ">":
            return moment >= low
    return low <= moment < high


def _span(text: str) -> tuple[datetime, datetime]:
    """From when until when a day or a moment of the query lasts."""
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
