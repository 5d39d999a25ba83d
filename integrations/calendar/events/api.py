"""REST API of events and free time: /api/v1/integrations/calendar/{provider}/..."""

from typing import Any
from urllib.parse import urlencode

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ava.http.api import ApiViewSet
from ava.http.openapi import ProblemSerializer
from ava.http.problems import CONTENT_TYPE
from integrations.calendar.events import services, slots
from integrations.calendar.events.records import Slot
from integrations.calendar.events.serializers import (
    EventFiltersSerializer,
    EventsSerializer,
    FreeBusyFiltersSerializer,
    FreeBusySerializer,
)
from integrations.calendar.providers import NAMES

_PROVIDER = OpenApiParameter(
    "provider", str, OpenApiParameter.PATH, enum=list(NAMES), required=True
)
_REFUSALS: dict[Any, Any] = {
    (403, CONTENT_TYPE): ProblemSerializer,
    (409, CONTENT_TYPE): ProblemSerializer,
}


class EventViewSet(ApiViewSet):
    """Events of one of the user's calendars."""

    ratelimit_group = "integrations"
    asks_providers = True
    serializer_class = EventsSerializer

    @extend_schema(
        operation_id="calendar_events",
        parameters=[_PROVIDER, EventFiltersSerializer],
        responses={200: EventsSerializer, **_REFUSALS},
    )
    def list(self, request: Request, provider: str) -> Response:
        """Events of a window, by start, recurring ones expanded."""
        now = timezone.now()
        filters = EventFiltersSerializer(data=request.query_params.dict(), context={"now": now})
        filters.is_valid(raise_exception=True)
        wanted = filters.validated_data
        wanted.pop("tz")
        found = services.events(user=self.caller, provider=provider, now=now, **wanted)
        window = {"from": wanted["start"].isoformat(), "to": wanted["end"].isoformat()}
        shown = {
            "provider": found.provider,
            "status": found.status,
            "next_steps": found.next_steps,
            "events": found.events,
            "next": _next(request, found.cursor, window),
        }
        return Response(EventsSerializer(shown).data)

    @extend_schema(
        operation_id="calendar_free_busy",
        parameters=[_PROVIDER, FreeBusyFiltersSerializer],
        responses={200: FreeBusySerializer, **_REFUSALS},
    )
    def free_busy(self, request: Request, provider: str) -> Response:
        """When the calendar is busy, and when it is free: in slots of a duration, within working
        hours."""
        now = timezone.now()
        filters = FreeBusyFiltersSerializer(data=request.query_params.dict(), context={"now": now})
        filters.is_valid(raise_exception=True)
        wanted = filters.validated_data
        window = Slot(wanted["start"], wanted["end"])
        busy = services.busy(
            user=self.caller,
            provider=provider,
            start=window.start,
            end=window.end,
            tz=wanted["tz"],
            now=now,
        )
        free = slots.free(
            busy,
            window,
            tz=wanted["tz"],
            hours=wanted.get("working_hours", slots.ALL_DAY),
            length=wanted.get("duration"),
        )
        return Response(FreeBusySerializer({"busy": busy, "free": free}).data)


def _next(request: Request, cursor: str, window: dict[str, str]) -> str | None:
    """The address of the next page: of the same window, whatever day it is then."""
    if not cursor:
        return None
    query = {**request.query_params.dict(), **window, "cursor": cursor}
    return f"{request.build_absolute_uri(request.path)}?{urlencode(query)}"
