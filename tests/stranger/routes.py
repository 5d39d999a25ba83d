"""Every address that AVA answers, from its URL configuration: a new one cannot be forgotten."""

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, get_resolver

_SAMPLES = {"int": "1", "uuid": "00000000-0000-4000-8000-000000000000"}
_PARAMETER = re.compile(r"<(?:(?P<kind>\w+):)?\w+>")


def every_path() -> list[str]:
    """One path for each route, its parameters filled in."""
    return sorted({f"/{path}" for path in _paths(get_resolver(), "")})


def _paths(resolver: Any, prefix: str) -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = str(entry.pattern).lstrip("^").replace("\\Z", "").rstrip("$")
        # Django's admin has a regular expression that catches all that is left.
        here = prefix + re.sub(r"\(\?P<\w+>[^)]*\)", "x", route)
        if isinstance(entry, URLPattern):
            yield _PARAMETER.sub(lambda found: _SAMPLES.get(found["kind"] or "", "x"), here)
        else:
            yield from _paths(entry, here)
