"""/api/v1/twilio: what all of its endpoints share, and /api/v1/twilio/numbers."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ava.api import ApiViewSet
from telephony import services
from telephony.schemas import CLASHES
from telephony.serializers import NumbersSerializer


class TwilioViewSet(ApiViewSet):
    """What all of telephony's endpoints share."""

    ratelimit_group = "twilio"

    def filters(self, request: Request, known: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """The filters of a list, checked. An empty one is none that the schema knows: 400."""
        given = known(data=request.query_params.dict())
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)


class NumberViewSet(TwilioViewSet):
    """The phone numbers of the user's Twilio account."""

    asks_providers = True
    serializer_class = NumbersSerializer

    @extend_schema(
        operation_id="twilio_numbers",
        responses={200: NumbersSerializer, **CLASHES},
    )
    def numbers(self, request: Request) -> Response:
        """At most 1000 numbers."""
        found = services.numbers(user=self.caller)
        return Response(NumbersSerializer({"numbers": found}).data)
