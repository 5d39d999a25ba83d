"""Time zones by their IANA or Windows names."""

import re
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

from sandbox.data import read_json

YEARS = range(1900, 9000)

# From CLDR's windowsZones.
_WINDOWS: dict[str, str] = read_json("sandbox.calendars", "windows_zones.json")


class UnknownZoneError(ValueError):
    """A name that is no time zone's."""


def zone(name: object) -> ZoneInfo:
    """The time zone of a name. Raises: UnknownZoneError."""
    if not isinstance(name, str):
        raise UnknownZoneError(name)
    return _zone(name)


@cache
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(_WINDOWS.get(name, name))
    except (ValueError, OSError, ModuleNotFoundError, KeyError):
        raise UnknownZoneError(name) from None


def read_time(value: object) -> datetime:
    """A time of ISO 8601, with or without an offset; of seven digits after the second six count.

    Raises: ValueError, also for years that no calendar has.
    """
    if not isinstance(value, str) or not re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d", value):
        raise ValueError(value)
    found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value))
    if found.year not in YEARS:
        raise ValueError(value)
    return found


def wall_time(moment: datetime, name: str) -> datetime:
    """Time that a clock in a time zone shows, without the zone; `fold` tells the second of two."""
    return moment.astimezone(zone(name)).replace(tzinfo=None)


def instant(wall: datetime, name: str) -> datetime:
    """The moment at which a clock in a time zone shows this, in UTC.

    A time that a change to summer time leaves out is read by the offset before it.
    """
    return wall.replace(tzinfo=zone(name)).astimezone(UTC)
