"""/api/v1/activity: what happened, and the one story of a correlation ID."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ava.activity import queries
from ava.activity.models import KINDS
from ava.activity.serializers import ListedHappeningSerializer, StorySerializer
from ava.http import correlation
from ava.http.api import ApiViewSet
from ava.http.fields import TimeParameter
from ava.http.keyset import KeysetPagination
from ava.http.problems import NotFound

ID = OpenApiParameter("correlation_id", str, OpenApiParameter.PATH)


class FiltersSerializer(serializers.Serializer[Any]):
    since = TimeParameter(required=False)
    until = TimeParameter(required=False)
    kind = serializers.ChoiceField(choices=KINDS, required=False)
    failed = serializers.ChoiceField(choices=["true", "false"], required=False)

    def validate_failed(self, value: str) -> bool:
        return value == "true"


class ActivityViewSet(ApiViewSet):
    """What happened for the user."""

    ratelimit_group = "integrations"
    serializer_class = ListedHappeningSerializer
    pagination_class = KeysetPagination

    @extend_schema(operation_id="activity", parameters=[FiltersSerializer])
    def list(self, request: Request) -> Response:
        """The newest first. Reads that were answered from a copy are not among it."""
        given = FiltersSerializer(data=request.query_params.dict())
        given.is_valid(raise_exception=True)
        page: Any = self.paginate_queryset(queries.newest(user=self.caller, **given.validated_data))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(operation_id="activity_story", parameters=[ID], responses={200: StorySerializer})
    def retrieve(self, request: Request, correlation_id: str) -> Response:
        """Everything of yours that carries the ID: an empty story where nothing does."""
        if correlation.accept(correlation_id) != correlation_id:
            raise NotFound("No request of AVA's can have this ID.")
        entries = queries.story(user=self.caller, correlation_id=correlation_id)
        found = {"correlation_id": correlation_id, "entries": entries}
        return Response(StorySerializer(found).data)
