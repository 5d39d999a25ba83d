"""Tabs of the room Calendar."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ava.console import navigation

_TABS: Final = (
    ("calendar", "Agenda"),
    ("slots", "Free slots"),
    ("booking-tool", "Booking tool"),  # of the app that knows the assistants
    ("feed", "Feed"),
)


@dataclass(frozen=True)
class Tab:
    name: str
    href: str
    is_here: bool


def shown(here: str) -> Sequence[Tab]:
    """Args: here: URL name of the page."""
    found = ((name, word, navigation.link(name)) for name, word in _TABS)
    return [Tab(word, href, name == here) for name, word, href in found if href]
