"""REST API of calendar connections: tokens are never shown."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ava.http.api import ApiViewSet
from integrations.calendar import authorization, connections, links, queries
from integrations.calendar.providers import NAMES


class ConnectionSerializer(serializers.Serializer[Any]):
    provider = serializers.ChoiceField(choices=list(NAMES.items()))
    state = serializers.ChoiceField(choices=queries.STATES)
    message = serializers.CharField(help_text="What this state means, or what to do, in words.")
    account = serializers.CharField(help_text="Address of the account at the provider, or empty.")
    scopes = serializers.ListField(child=serializers.CharField())
    connected_at = serializers.DateTimeField(allow_null=True)


class LinkSerializer(serializers.Serializer[Any]):
    authorization_url = serializers.URLField(
        help_text="Address of AVA's for the user's browser, which it sends on to the provider."
    )
    expires_at = serializers.DateTimeField()


_provider = OpenApiParameter(
    "provider", str, OpenApiParameter.PATH, enum=list(NAMES), required=True
)


class ConnectionViewSet(ApiViewSet):
    ratelimit_group = "integrations"
    asks_providers = ("destroy",)
    login_only = ("connect", "destroy")
    headers_of_all = {"Cache-Control": "no-store"}
    serializer_class = ConnectionSerializer

    @extend_schema(operation_id="calendar_connection", parameters=[_provider])
    def retrieve(self, request: Request, provider: str) -> Response:
        """The connection of one calendar: whose account it is, and whether it works."""
        authorization.require_known(provider)
        found = queries.describe(user=self.caller, provider=provider)
        return Response(ConnectionSerializer(found).data)

    @extend_schema(
        operation_id="calendar_connect",
        parameters=[_provider],
        request=None,
        responses=LinkSerializer,
    )
    def connect(self, request: Request, provider: str) -> Response:
        """Begin to connect a calendar: an address to open in the user's browser, for ten minutes
        and one browser. It ends on a page of AVA's."""
        begun = authorization.begin(user=self.caller, provider=provider, now=timezone.now())
        link = links.start(request._request, provider, begun.pk)
        return Response({"authorization_url": link, "expires_at": begun.expires_at})

    @extend_schema(operation_id="calendar_disconnect", parameters=[_provider])
    def destroy(self, request: Request, provider: str) -> Response:
        """Revoke AVA's access at the provider (Google; at Microsoft only the user can) and forget
        it. Also 204 when there was nothing."""
        authorization.require_known(provider)
        connections.disconnect(user=self.caller, provider=provider)
        return Response(status=204)
