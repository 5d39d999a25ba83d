"""Local times, days and time zones, around the changes of the clocks too. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from integrations.calendar.events.records import When

YEARS: Final = range(1971, 2200)
"""Years within which time zones and providers can count."""


class WrongTime(ValueError):
    """A text that names no time, or none that there is. The message is for people."""


@cache
def _names() -> dict[str, str]:
    # These two mean the machine's own, and none.
    return {name.lower(): name for name in available_timezones() - {"localtime", "Factory"}}


def zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name, however it is capitalised. Raises: WrongTime."""
    # Looked up among those there are: a name becomes a path.
    found = _names().get(name.strip().lower())
    if found is None:
        raise WrongTime("Use the name of a time zone such as Europe/Berlin.")
    return ZoneInfo(found)


def when(text: str, tz: ZoneInfo) -> When:
    """A date, or a moment to the second; a time without an offset is one of `tz`. Raises:
    WrongTime."""
    text = text.strip()
    try:
        found: When = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        raise WrongTime("Write a time such as 2026-12-24T15:00:00+01:00, or a date.") from None
    if found.year not in YEARS:
        raise WrongTime(f"Choose a year from {YEARS[0]} to {YEARS[-1]}.")
    if not isinstance(found, datetime):
        return found
    found = found.replace(microsecond=0)
    return (found if found.tzinfo else _local(found, tz)).astimezone(UTC)


def _local(naive: datetime, tz: ZoneInfo) -> datetime:
    """The moment of a local time, which happens once. Raises: WrongTime."""
    moment = naive.replace(tzinfo=tz)
    if moment.astimezone(UTC).astimezone(tz).replace(tzinfo=None) != naive:
        raise WrongTime(f"There is no such time in {tz.key}: the clocks are put forward then.")
    if is_ambiguous(moment):
        raise WrongTime(
            f"This time happens twice in {tz.key}, as the clocks are put back. Add its offset, "
            f"such as {moment.isoformat()}."
        )
    return moment


def is_ambiguous(moment: datetime) -> bool:
    """Whether the local time of a moment in a time zone happens twice."""
    return moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset()


def moment(when: When, tz: ZoneInfo) -> datetime:
    """The moment in UTC; of a date, where it begins in `tz`."""
    if isinstance(when, datetime):
        return when.astimezone(UTC)
    return datetime.combine(when, time.min, tz).astimezone(UTC)


def day_of(moment: datetime, tz: ZoneInfo) -> date:
    return moment.astimezone(tz).date()


def nearest_day(utc: datetime, tz: ZoneInfo | None) -> date:
    """The day of an all-day event that a provider gives as a time in UTC: midnight of the day, or
    where that was moved, midnight in the event's own time zone; else the nearest one."""
    if utc.time() != time.min and tz is not None:
        own = utc.astimezone(tz)
        if own.time() == time.min:
            return own.date()
    return (utc + timedelta(hours=12)).date()
