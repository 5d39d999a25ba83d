"""/api/v1/twilio."""

from django.contrib.auth.models import User
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ava.api import ApiViewSet
from ava.openapi import ProblemSerializer
from ava.problems import CONTENT_TYPE
from telephony import services
from telephony.serializers import NumbersSerializer


class NumberViewSet(ApiViewSet):
    """The phone numbers of the user's Twilio account."""

    ratelimit_group = "twilio"
    asks_providers = True
    serializer_class = NumbersSerializer

    @extend_schema(
        operation_id="twilio_numbers",
        responses={200: NumbersSerializer, (409, CONTENT_TYPE): ProblemSerializer},
    )
    def numbers(self, request: Request) -> Response:
        """At most 1000 numbers."""
        assert isinstance(request.user, User)  # noqa: S101 - IsAuthenticated stands in front
        found = services.numbers(user=request.user)
        return Response(NumbersSerializer({"numbers": found}).data)
