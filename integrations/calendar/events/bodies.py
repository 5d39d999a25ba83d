"""Parts of a provider's JSON, read tolerantly. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from ava.inbound.limits import storable

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


def inner(value: Any) -> Body:
    return value if isinstance(value, dict) else {}
