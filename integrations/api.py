"""REST API of the overview of integrations."""

from dataclasses import asdict
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ava.http.api import ApiViewSet
from integrations import queries
from integrations.breakers.models import STATES
from integrations.credentials.providers import PROVIDERS


class AllowanceSerializer(serializers.Serializer[Any]):
    limit = serializers.IntegerField(min_value=0, help_text="Calls and messages of a day.")
    left = serializers.IntegerField(min_value=0)
    resets_at = serializers.DateTimeField()


class IntegrationSerializer(serializers.Serializer[Any]):
    provider = serializers.ChoiceField(choices=[(p.slug, p.name) for p in PROVIDERS.values()])
    name = serializers.CharField()
    configured = serializers.BooleanField(help_text="There are credentials that AVA can use.")
    source = serializers.ChoiceField(  # type: ignore[assignment]  # no attribute: DRF takes it out
        choices=queries.SOURCES, help_text="Whose they are."
    )
    breaker_state = serializers.ChoiceField(choices=STATES)
    retry_after = serializers.IntegerField(
        allow_null=True,
        min_value=0,
        help_text="Seconds to the next try; null while closed, or held open without an end.",
    )
    next_step = serializers.CharField(help_text="What to do next, in a sentence.")
    allowance = AllowanceSerializer(
        allow_null=True,
        help_text="What is left today; null unless the operator's credentials serve, counted.",
    )


class IntegrationViewSet(ApiViewSet):
    ratelimit_group = "integrations"
    serializer_class = IntegrationSerializer

    @extend_schema(operation_id="integrations", responses=IntegrationSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Each provider: connected or not, how it is doing, what to do next."""
        found = queries.overview(user=self.caller, now=timezone.now())
        page = self.paginate_queryset(found) or ()
        return self.get_paginated_response([asdict(each) for each in page])
