"""JSON of calendars."""

from typing import Any

from rest_framework import serializers

from integrations.calendar.services import NAMES


class EventSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    title = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    location = serializers.CharField()
    attendees = serializers.ListField(child=serializers.EmailField())


class CalendarSerializer(serializers.Serializer[Any]):
    provider = serializers.ChoiceField(choices=list(NAMES.items()))
    status = serializers.ChoiceField(choices=["live", "stub"])
    next_steps = serializers.CharField(help_text="What to do to see the real calendar.")
    events = EventSerializer(many=True)
