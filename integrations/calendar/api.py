"""REST API of calendars."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ava.http.api import ApiViewSet
from ava.http.openapi import ProblemSerializer
from ava.http.problems import CONTENT_TYPE
from integrations.calendar import services
from integrations.calendar.providers import NAMES


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


class CalendarViewSet(ApiViewSet):
    ratelimit_group = "integrations"
    serializer_class = CalendarSerializer

    @extend_schema(
        operation_id="calendar_events",
        parameters=[
            OpenApiParameter(
                "provider", str, OpenApiParameter.PATH, enum=list(NAMES), required=True
            )
        ],
        responses={200: CalendarSerializer, (403, CONTENT_TYPE): ProblemSerializer},
    )
    def events(self, request: Request, provider: str) -> Response:
        """The next events of one calendar."""
        found = services.upcoming(user=self.caller, provider=provider, now=timezone.now())
        return Response(CalendarSerializer(found).data)
