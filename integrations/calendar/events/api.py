"""REST API of events and free time: /api/v1/integrations/calendar/{provider}/..."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ava.http.api import ApiViewSet
from ava.http.openapi import ProblemSerializer
from ava.http.problems import CONTENT_TYPE
from ava.idempotency.api import IDEMPOTENCY_KEY, answer
from ava.idempotency.services import Reply
from ava.inbound.limits import storable
from ava.intents.states import UNSENT
from integrations.calendar import links
from integrations.calendar.events import feed, services, slots
from integrations.calendar.events.records import Slot
from integrations.calendar.events.serializers import (
    CreatedEventSerializer,
    EventFiltersSerializer,
    EventSerializer,
    EventsSerializer,
    FreeBusyFiltersSerializer,
    FreeBusySerializer,
    NewEventSerializer,
)
from integrations.calendar.providers import NAMES

_PROVIDER = OpenApiParameter(
    "provider", str, OpenApiParameter.PATH, enum=list(NAMES), required=True
)
_REFUSALS: dict[Any, Any] = {
    (403, CONTENT_TYPE): ProblemSerializer,
    (409, CONTENT_TYPE): ProblemSerializer,
}

_TWICE: dict[Any, Any] = {
    (422, CONTENT_TYPE): OpenApiResponse(
        ProblemSerializer, "The Idempotency-Key was used with another body."
    )
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
    def index(self, request: Request, provider: str) -> Response:
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
        operation_id="calendar_event_create",
        parameters=[_PROVIDER, IDEMPOTENCY_KEY],
        request=NewEventSerializer,
        responses={201: CreatedEventSerializer, 202: CreatedEventSerializer, **_REFUSALS, **_TWICE},
    )
    def create(self, request: Request, provider: str) -> Response:
        """Create an event, and invite its attendees. 202: the provider gave no answer; AVA is
        finding out."""
        wanted = NewEventSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)

        def act(row: uuid.UUID | None) -> Reply:
            event = services.create(
                user=self.caller, provider=provider, idempotency=row, **wanted.validated_data
            )
            return Reply(202 if event.status in UNSENT else 201, CreatedEventSerializer(event).data)

        return answer(request, scope=f"calendar.{provider}.events", act=act)

    @extend_schema(
        operation_id="calendar_event",
        parameters=[_PROVIDER, OpenApiParameter("event_id", str, OpenApiParameter.PATH)],
        responses={200: EventSerializer, **_REFUSALS},
    )
    def retrieve(self, request: Request, provider: str, event_id: str) -> Response:
        """One event, by its ID at the provider; one that AVA creates, or created, by either ID."""
        found = services.event(
            user=self.caller, provider=provider, event_id=storable(event_id), now=timezone.now()
        )
        return Response(EventSerializer(found).data)

    @extend_schema(
        operation_id="calendar_event_delete",
        parameters=[_PROVIDER, OpenApiParameter("event_id", str, OpenApiParameter.PATH)],
        responses={204: None, **_REFUSALS},
    )
    def destroy(self, request: Request, provider: str, event_id: str) -> Response:
        """Delete an event, and tell its attendees."""
        services.delete(user=self.caller, provider=provider, event_id=storable(event_id))
        return Response(status=204)

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


class FeedSerializer(serializers.Serializer[Any]):
    url = serializers.URLField(help_text="Secret: whoever has it reads the feed. Shown once.")


class FeedViewSet(ApiViewSet):
    """The user's feed for calendar apps."""

    ratelimit_group = "integrations"
    login_only = ("create", "destroy")
    headers_of_all = {"Cache-Control": "no-store"}
    serializer_class = FeedSerializer

    @extend_schema(operation_id="calendar_feed_make", request=None, responses={201: FeedSerializer})
    def create(self, request: Request) -> Response:
        """Make the secret address of the feed. It ends the one before."""
        url = links.feed(request._request, feed.make(user=self.caller))
        return Response({"url": url}, status=201)

    @extend_schema(operation_id="calendar_feed_end", responses={204: None})
    def destroy(self, request: Request) -> Response:
        """End the feed. Also 204 when there was none."""
        feed.end(user=self.caller)
        return Response(status=204)
