"""Rooms of the console, in the side bar and behind Ctrl-K, and other pages that Ctrl-K leads to.
Apps register theirs in `apps.py`."""

from dataclasses import dataclass
from functools import cache

from django.urls import NoReverseMatch, get_script_prefix, reverse


@dataclass(frozen=True)
class Room:
    """A room of the console.

    Args:
        name: its word in the side bar.
        url_name: of its address, without parameters.
        icon: of the sprite.
        place: the lower, the higher up.
        is_last: at the lower end of the side bar.
    """

    name: str
    url_name: str
    icon: str
    place: int
    is_last: bool = False

    @property
    def href(self) -> str:
        return link(self.url_name)


@dataclass(frozen=True)
class Place:
    """A page that Ctrl-K leads to.

    Args:
        words: by which it is found, beside its name.
    """

    name: str
    url_name: str
    icon: str
    words: str = ""

    @property
    def href(self) -> str:
        return link(self.url_name)


_rooms: list[Room] = []
_places: list[Place] = []


def register(room: Room) -> None:
    """Called in `ready()`."""
    _rooms.append(room)
    _rooms.sort(key=lambda one: one.place)


def register_places(*places: Place) -> None:
    """Called in `ready()`."""
    _places.extend(places)


def places() -> list[Place]:
    return [place for place in _places if place.href]


def rooms() -> list[Room]:
    """Those that have an address, in their order."""
    return [room for room in _rooms if room.href]


def link(url_name: str, *args: str) -> str:
    """The address of a room, or of a page in it; empty where no app has that one."""
    return _link(url_name, args, get_script_prefix())


def story(correlation_id: str) -> str:
    """Address of all that happened under a correlation ID; empty where there is none."""
    room = link("activity-page") if correlation_id else ""
    return f"{room}/{correlation_id}" if room else ""


@cache
def _link(url_name: str, args: tuple[str, ...], _prefix: str) -> str:
    try:
        return reverse(url_name, args=args)
    except NoReverseMatch:
        return ""


def current(path: str) -> str:
    """The name of the room that an address belongs to; empty where it is none's."""
    home = link("home")
    inside = [
        room
        for room in rooms()
        if path == room.href or (room.href != home and path.startswith(f"{room.href}/"))
    ]
    return max(inside, key=lambda room: len(room.href)).name if inside else ""
