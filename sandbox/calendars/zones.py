"""Time zones by their IANA or Windows names."""

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

from sandbox.data import read_json

# From CLDR's windowsZones.
_WINDOWS: dict[str, str] = read_json("sandbox.calendars", "windows_zones.json")


class UnknownZoneError(ValueError):
    """A name that is no time zone's."""


@cache
def zone(name: str) -> ZoneInfo:
    """The time zone of a name. Raises: UnknownZoneError."""
    try:
        return ZoneInfo(_WINDOWS.get(name, name))
    except (ValueError, OSError, ModuleNotFoundError, KeyError):
        raise UnknownZoneError(name) from None


def wall_time(moment: datetime, name: str) -> datetime:
    """What a clock in a time zone shows, without the zone; `fold` tells the second of two."""
    return moment.astimezone(zone(name)).replace(tzinfo=None)


def instant(wall: datetime, name: str) -> datetime:
    """The moment at which a clock in a time zone shows this, in UTC.

    A time that a change to summer time leaves out is read by the offset before it.
    """
    return wall.replace(tzinfo=zone(name)).astimezone(UTC)
