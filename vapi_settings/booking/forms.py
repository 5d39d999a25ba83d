"""Form of how assistants book, checked by the API's own serializer."""

from typing import Any

from django import forms

from ava.http.api import validation_problem
from ava.idempotency.forms import names
from integrations.calendar.providers import NAMES
from vapi_settings.booking.serializers import BookingToolSerializer
from vapi_settings.models import BookingTool


class BookingToolForm(forms.Form):
    calendar = forms.ChoiceField(label="Calendar", choices=list(NAMES.items()))
    title = forms.CharField(
        label="Title of the events", max_length=120, help_text="The caller's name is put behind it."
    )
    duration = forms.IntegerField(label="Length", help_text="In minutes, 5 to 1440.")
    working_hours = forms.CharField(
        label="Hours", max_length=40, help_text="Such as mon-fri 09:00-17:00."
    )
    time_zone = forms.CharField(label="Time zone", max_length=64)
    days_ahead = forms.IntegerField(label="Days ahead", help_text="How far may be booked, 0 to 30.")
    notice = forms.IntegerField(
        label="Notice", help_text="Minutes from now to the first time offered."
    )

    def clean(self) -> dict[str, Any]:
        if self.errors:
            return self.cleaned_data
        check = BookingToolSerializer(data=self.cleaned_data)
        if check.is_valid():
            self.checked = dict(check.validated_data)
        else:
            for name, found in (validation_problem(check.errors).errors or {}).items():
                self.add_error(name, found)
        return self.cleaned_data


def values_of(row: BookingTool) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names(BookingToolSerializer)}
