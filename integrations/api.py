"""/api/v1/integrations."""

from dataclasses import asdict

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ava.http.api import ApiViewSet
from integrations import queries
from integrations.serializers import IntegrationSerializer


class IntegrationViewSet(ApiViewSet):
    ratelimit_group = "integrations"
    serializer_class = IntegrationSerializer

    @extend_schema(operation_id="integrations", responses=IntegrationSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Each provider: connected or not, how it is doing, what to do next."""
        found = queries.overview(user=self.caller, now=timezone.now())
        page = self.paginate_queryset(found) or ()
        return self.get_paginated_response([asdict(each) for each in page])
