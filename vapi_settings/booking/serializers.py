"""JSON of the booking tool, and of its state in an assistant."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from integrations.calendar.events import slots, times
from integrations.calendar.events.times import WrongTime
from integrations.calendar.providers import NAMES
from vapi_settings.booking import installation, tools
from vapi_settings.models import BookingTool
from vapi_settings.serializers import BriefSerializer


class BookingToolSerializer(serializers.Serializer[Any]):
    calendar = serializers.ChoiceField(choices=list(NAMES.items()))
    title = serializers.CharField(max_length=120, required=False, help_text="Of the events.")
    duration = serializers.IntegerField(
        required=False, min_value=5, max_value=1440, help_text="In minutes."
    )
    working_hours = serializers.CharField(
        required=False, max_length=40, help_text="Such as mon-fri 09:00-17:00."
    )
    time_zone = serializers.CharField(required=False, max_length=64)
    days_ahead = serializers.IntegerField(required=False, min_value=0, max_value=30)
    notice = serializers.IntegerField(
        required=False, min_value=0, max_value=7 * 24 * 60, help_text="In minutes, from now."
    )

    def validate_working_hours(self, value: str) -> str:
        return _checked(slots.working_hours, value)

    def validate_time_zone(self, value: str) -> str:
        _checked(times.zone, value)
        return times.zone(value).key


class ShownToolSerializer(BookingToolSerializer):
    tools = serializers.SerializerMethodField(
        help_text="For the assistant's `model.tools` at Vapi, as it is."
    )

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_tools(self, row: BookingTool) -> list[dict[str, Any]]:
        return tools.definitions(row, {})


class InstallationSerializer(serializers.Serializer[Any]):
    assistant = BriefSerializer()
    state = serializers.ChoiceField(choices=list(installation.STATES.items()))


def _checked(read: Any, text: str) -> str:
    try:
        read(text)
    except WrongTime as wrong:
        raise serializers.ValidationError(str(wrong)) from None
    return text
