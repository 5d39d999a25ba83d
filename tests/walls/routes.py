"""The URL configuration, walked: every address that AVA answers."""

from collections.abc import Iterator
from typing import Any

HOOKS = "api/v1/webhooks/"


def every(resolver: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each route with its pattern, the admin's, too."""
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if hasattr(entry, "url_patterns"):
            yield from every(entry, path)
        else:
            yield path, entry


def routes(resolver: Any) -> Iterator[tuple[str, Any]]:
    """Each route with its pattern. The admin's own are left to Django's registry of it."""
    return ((path, entry) for path, entry in every(resolver) if not path.startswith("admin/"))


def operations(resolver: Any) -> Iterator[str]:
    """Each operation of the REST API: "GET twilio/calls/<uuid:call_id>"."""
    for path, entry in routes(resolver):
        for method in getattr(entry.callback, "actions", None) or ():
            if method != "head":
                yield f"{method.upper()} {path.removeprefix('api/v1/')}"


def webhooks(resolver: Any) -> Iterator[tuple[str, Any]]:
    for path, entry in routes(resolver):
        if path.startswith(HOOKS):
            yield path.removeprefix(HOOKS), entry


def pages(resolver: Any) -> Iterator[str]:
    """All other addresses."""
    for path, entry in routes(resolver):
        if not path.startswith(HOOKS) and not getattr(entry.callback, "actions", None):
            yield path
