"""Forms of the room Calendar: a new event, and what free slots are looked for."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, ClassVar

from django import forms
from django.utils import timezone

from ava.http.api import validation_problem
from ava.idempotency.forms import OnceForm
from integrations.calendar.events.serializers import (
    MOST_TEXT,
    FreeBusyFiltersSerializer,
    NewEventSerializer,
)
from integrations.calendar.providers import NAMES
from integrations.calendar.queries import Description
from integrations.calendar.room.zones import suggested


def day_field(label: str, **more: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}), **more)


def time_field(label: str, **more: Any) -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, widget=widget, required=False, **more)


def choices(calendars: Sequence[Description]) -> list[tuple[str, str]]:
    """The calendars by name, with whose they are."""
    return [
        (each.provider, f"{NAMES[each.provider]} {f'({each.account})' if each.account else ''}")
        for each in calendars
    ]


class NewEventForm(OnceForm):
    serializer = NewEventSerializer
    names: Mapping[str, str] = MappingProxyType({"start": "start_time", "end": "end_time"})

    example: Mapping[str, Any] = MappingProxyType(
        {
            "title": "Check-up",
            "start": "2027-03-01T10:00:00",
            "end": "2027-03-01T11:00:00",
            "time_zone": "Europe/Berlin",
        }
    )

    title = forms.CharField(label="Title", max_length=250)
    calendar = forms.ChoiceField(label="Calendar")
    start_day = day_field("Starts on")
    start_time = time_field("At")
    end_day = day_field("Ends on", required=False)
    end_time = time_field("Until")
    time_zone = forms.CharField(label="Time zone", max_length=64, required=False)
    location = forms.CharField(label="Place", max_length=250, required=False)
    attendees = forms.CharField(
        label="Attendees",
        required=False,
        help_text="E-mail addresses, with commas between. The calendar invites them.",
    )
    description = forms.CharField(
        label="Notes", max_length=MOST_TEXT, required=False, widget=forms.Textarea
    )

    zones = staticmethod(suggested)

    def __init__(self, *args: Any, calendars: Sequence[Description], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["calendar"].choices = choices(calendars)  # type: ignore[attr-defined]

    def wanted(self) -> dict[str, Any]:
        given = self.cleaned_data
        start, end = given["start_day"], given.get("end_day") or given["start_day"]
        found = {
            name: given[name]
            for name in ("title", "time_zone", "location", "description")
            if given[name]
        }
        if attendees := given["attendees"].replace(",", " ").replace(";", " ").split():
            found["attendees"] = attendees
        if not given["start_time"]:
            return {**found, "start": start.isoformat(), "end": _after(end).isoformat()}
        return {
            **found,
            "start": f"{start}T{given['start_time']}",
            "end": f"{end}T{given['end_time']}",
        }

    def request_body(self) -> dict[str, Any]:
        return dict(self.example) if self.errors else super().request_body()

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        missing = {"start_time": "When does it begin?", "end_time": "When does it end?"}
        if not self.errors and bool(given["start_time"]) != bool(given["end_time"]):
            name = "end_time" if given["start_time"] else "start_time"
            self.add_error(name, missing[name])
        return super().clean()


def _after(day: date) -> date:
    return min(day, date.max - timedelta(days=1)) + timedelta(days=1)


class SlotsForm(forms.Form):
    """Form of the free slots that are looked for, checked by the API's own serializer."""

    calendar = forms.ChoiceField(label="Calendar")
    day = day_field("From")
    days = forms.TypedChoiceField(
        label="For",
        coerce=int,
        choices=[(1, "1 day"), (3, "3 days"), (7, "7 days"), (14, "14 days"), (31, "31 days")],
    )
    duration = forms.CharField(label="Length", max_length=8)
    working_hours = forms.CharField(label="Hours", max_length=40)
    time_zone = forms.CharField(label="Time zone", max_length=64)

    zones = staticmethod(suggested)
    usual: ClassVar[Mapping[str, str]] = {
        "days": "7",
        "duration": "30m",
        "working_hours": "mon-fri 09:00-17:00",
    }

    def __init__(self, *args: Any, calendars: Sequence[Description], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["calendar"].choices = choices(calendars)  # type: ignore[attr-defined]

    def query(self) -> dict[str, str]:
        """Query of the API's address."""
        given = self.cleaned_data
        last = given["day"] + timedelta(days=given["days"])
        names = ("duration", "working_hours", "time_zone")
        return {"from": given["day"].isoformat(), "to": last.isoformat()} | {
            name: given[name] for name in names
        }

    def clean(self) -> dict[str, Any]:
        if self.errors:
            return self.cleaned_data
        check = FreeBusyFiltersSerializer(data=self.query(), context={"now": timezone.now()})
        if check.is_valid():
            self.checked = dict(check.validated_data)
        else:
            errors = validation_problem(check.errors).errors or {}
            self.add_error(None, [each for found in errors.values() for each in found])
        return self.cleaned_data
