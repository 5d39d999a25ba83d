"""JSON of events and free time."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ava.http.fields import PastedEmailField, ShortListField, with_plus
from integrations.calendar.events import slots, times
from integrations.calendar.events.records import NewEvent, When, read_when
from integrations.calendar.events.times import WrongTime
from integrations.calendar.providers import NAMES

T = TypeVar("T")

LONGEST_WINDOW: Final = timedelta(days=366)
LONGEST_FREE: Final = timedelta(days=31)
"""A slot every five minutes is 9,000 of them."""
USUAL_WINDOW: Final = timedelta(days=7)
MOST_EVENTS: Final = 250
MOST_ATTENDEES: Final = 100
MOST_TEXT: Final = 8000


@extend_schema_field({"type": "string", "examples": ["2026-12-24T15:00:00+01:00", "2026-12-24"]})
class WhenField(serializers.Field[Any, Any, Any, Any]):
    """A moment, or a date. Read as text: which moment a local time is depends on `time_zone`."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("Write a time such as 2026-12-24T15:00:00+01:00.")
        return data

    def to_representation(self, value: When | str) -> str:
        if isinstance(value, str):  # of a row
            value = read_when(value)
        if not isinstance(value, datetime):
            return value.isoformat()
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


class WhenParameter(WhenField):
    """A moment or a date in a query string."""

    def to_internal_value(self, data: Any) -> str:
        return with_plus(super().to_internal_value(data))


@extend_schema_field({"type": "string", "examples": ["Europe/Berlin"]})
class ZoneField(serializers.CharField):
    """A time zone by its IANA name."""

    def to_internal_value(self, data: Any) -> Any:
        return _checked(times.zone, super().to_internal_value(data))


class WindowSerializer(serializers.Serializer[Any]):
    """A window of time: `from` and `to`, each a moment or a date of `time_zone`."""

    longest = LONGEST_WINDOW

    time_zone = ZoneField(required=False, help_text="Of local times and dates; default UTC.")

    def get_fields(self) -> dict[str, Any]:
        first = WhenParameter(required=False, help_text="Default: today.")
        most = f"at most {self.longest.days} days after it"
        last = WhenParameter(required=False, help_text=f"Default: seven days after `from`; {most}.")
        return {"from": first, "to": last, **super().get_fields()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        tz: ZoneInfo = attrs.pop("time_zone", ZoneInfo("UTC"))
        now: datetime = self.context["now"]
        start = _moment("from", attrs.pop("from", None), tz) or _begins(now, tz)
        end = _moment("to", attrs.pop("to", None), tz) or start + USUAL_WINDOW
        if not start < end <= start + self.longest:
            most = f"at most {self.longest.days} days later"
            raise serializers.ValidationError({"to": f"The end comes after the start, {most}."})
        return {**attrs, "start": start, "end": end, "tz": tz}


class EventFiltersSerializer(WindowSerializer):
    search = serializers.CharField(
        required=False, max_length=200, help_text="In title, place, description and attendees."
    )
    limit = serializers.IntegerField(default=50, min_value=1, max_value=MOST_EVENTS)
    cursor = serializers.CharField(
        required=False, max_length=2000, help_text="Of `next`, with the same window."
    )


class FreeBusyFiltersSerializer(WindowSerializer):
    longest = LONGEST_FREE

    duration = serializers.CharField(
        required=False, help_text="Of each free slot, such as 30m or 1h30m; default: all that is."
    )
    working_hours = serializers.CharField(
        required=False, help_text="Such as 09:00-17:00 or mon-fri 09:00-17:00, in `time_zone`."
    )

    def validate_duration(self, value: str) -> timedelta:
        return _checked(slots.duration, value)

    def validate_working_hours(self, value: str) -> slots.WorkingHours:
        return _checked(slots.working_hours, value)


class EventSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    title = serializers.CharField()
    start = WhenField(help_text="In UTC; a date of an all-day event.")
    end = WhenField(help_text="The first moment, or day, after it.")
    all_day = serializers.BooleanField()
    time_zone = serializers.CharField(help_text="The event's own; empty where it is not known.")
    location = serializers.CharField()
    attendees = serializers.ListField(child=serializers.CharField())
    status = serializers.CharField(help_text="confirmed, tentative, cancelled, or AVA's word.")
    html_link = serializers.CharField(help_text="The event at its provider; may be empty.")


class CreatedEventSerializer(EventSerializer):
    """An event that AVA created, or is creating."""

    id = serializers.CharField(
        source="shown_id",
        help_text="The provider's; AVA's own until that is known. Either deletes it.",
    )
    status = serializers.CharField(help_text="pending or unknown until the calendar has it.")
    correlation_id = serializers.CharField()
    created_at = serializers.DateTimeField()


class EventsSerializer(serializers.Serializer[Any]):
    provider = serializers.ChoiceField(choices=list(NAMES.items()))
    status = serializers.ChoiceField(choices=["live", "stub"])
    next_steps = serializers.CharField(help_text="What to do to see the real calendar, or empty.")
    events = EventSerializer(many=True)
    next = serializers.URLField(allow_null=True, help_text="The next page.")


class SlotSerializer(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class FreeBusySerializer(serializers.Serializer[Any]):
    busy = SlotSerializer(many=True)
    free = SlotSerializer(many=True)


class NewEventSerializer(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=250)
    start = WhenField(help_text="A moment, a local time of `time_zone`, or a date.")
    end = WhenField(help_text="Likewise; of an all-day event the first day after it.")
    time_zone = ZoneField(required=False, help_text="Default UTC.")
    location = serializers.CharField(max_length=250, required=False, allow_blank=True)
    description = serializers.CharField(max_length=MOST_TEXT, required=False, allow_blank=True)
    attendees = ShortListField(
        child=PastedEmailField(max_length=254), max_length=MOST_ATTENDEES, required=False
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        tz: ZoneInfo = attrs.pop("time_zone", ZoneInfo("UTC"))
        start, end = (_when(name, attrs.pop(name), tz) for name in ("start", "end"))
        if isinstance(start, datetime) != isinstance(end, datetime):
            raise serializers.ValidationError({"end": "Give two times, or two dates."})
        if not start < end:
            raise serializers.ValidationError({"end": "The end comes after the start."})
        attrs["attendees"] = tuple(dict.fromkeys(attrs.get("attendees", ())))
        return {"event": NewEvent(start=start, end=end, time_zone=tz.key, **attrs)}


def _checked(read: Callable[[str], T], text: str) -> T:
    try:
        return read(text)
    except WrongTime as wrong:
        raise serializers.ValidationError(str(wrong)) from None


def _when(name: str, text: str, tz: ZoneInfo) -> When:
    try:
        return times.when(text, tz)
    except WrongTime as wrong:
        raise serializers.ValidationError({name: str(wrong)}) from None


def _moment(name: str, text: str | None, tz: ZoneInfo) -> datetime | None:
    return None if text is None else times.moment(_when(name, text, tz), tz)


def _begins(now: datetime, tz: ZoneInfo) -> datetime:
    """The beginning of the day."""
    day: date = times.day_of(now, tz)
    return datetime.combine(day, time.min, tz).astimezone(UTC)
