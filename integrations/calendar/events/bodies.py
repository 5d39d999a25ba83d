"""Parts of a provider's JSON, read tolerantly. Pure."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from ava.inbound.limits import storable
from integrations.calendar.events.records import Event, NoRecord

LONGEST: Final = 1000  # characters of a text that AVA shows

Body = Mapping[str, Any]


def text(value: Any) -> str:
    """A text of the provider's, as long as AVA shows one."""
    return storable(value)[:LONGEST] if isinstance(value, str) else ""


def name(value: Any) -> str:
    """An ID, an address or the like, never cut."""
    return value if isinstance(value, str) and value.isprintable() else ""


def link(value: Any) -> str:
    found = name(value)
    return found if found.startswith(("https://", "http://")) else ""


def items(value: Any) -> list[Body]:
    """The objects of a list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def events_of(value: Any, read: Callable[[Body], Event]) -> list[Event]:
    """Events of a list that can be shown: a deleted one may have no times left."""
    found = []
    for one in items(value):
        with suppress(NoRecord):
            found.append(read(one))
    return found


def inner(value: Any) -> Body:
    return value if isinstance(value, dict) else {}
