"""Recurrence as Graph writes it.

https://learn.microsoft.com/en-us/graph/outlook-schedule-recurring-events
"""

from datetime import date, datetime, timedelta
from typing import Any

from sandbox.calendars.recurrence import Rule

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PLACES = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_FREQUENCIES = {
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "absoluteMonthly": "MONTHLY",
    "relativeMonthly": "MONTHLY",
    "absoluteYearly": "YEARLY",
    "relativeYearly": "YEARLY",
}


def parse_recurrence(given: Any) -> Rule:
    """A rule from a patternedRecurrence. Raises: ValueError."""
    try:
        pattern, limits = given["pattern"], given["range"]
        kind = pattern["type"]
        fields: dict[str, Any] = {"interval": _whole(pattern["interval"], 999)}
        if kind == "weekly" or kind.startswith("relative"):
            days = tuple((0, _DAYS.index(day)) for day in pattern["daysOfWeek"])
            if not days:
                raise ValueError(kind)
            fields["by_day"] = days
        if kind == "weekly":
            fields["week_start"] = _DAYS.index(pattern.get("firstDayOfWeek", "sunday"))
        if kind.startswith("relative"):
            fields["by_set_pos"] = (_PLACES[pattern.get("index", "first")],)
        if kind.startswith("absolute"):
            fields["by_month_day"] = (_whole(pattern["dayOfMonth"], 31),)
        if kind.endswith("Yearly"):
            fields["by_month"] = (_whole(pattern["month"], 12),)
        return Rule(_FREQUENCIES[kind], **fields, **_end(limits))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(given) from error


def _end(limits: Any) -> dict[str, Any]:
    date.fromisoformat(limits["startDate"])
    match limits["type"]:
        case "noEnd":
            return {}
        case "numbered":
            return {"count": _whole(limits["numberOfOccurrences"], 999)}
        case "endDate":
            day = datetime.fromisoformat(limits["endDate"])
            return {"until": day + timedelta(days=1, seconds=-1)}
    raise ValueError(limits)


def _whole(value: Any, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise ValueError(value)
    return value
