"""Base of telephony's endpoints, and /api/v1/twilio/numbers."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ava.http.api import ApiViewSet
from ava.http.openapi import ProblemSerializer
from ava.http.problems import CONTENT_TYPE
from ava.intents.states import SCHEDULED, UNSENT
from telephony import senders
from telephony.intents.models import Communication
from telephony.serializers import NumbersSerializer

CLASHES: Final[dict[Any, Any]] = {(409, CONTENT_TYPE): ProblemSerializer}
NOT_TWICE: Final[dict[Any, Any]] = {
    **CLASHES,
    (422, CONTENT_TYPE): OpenApiResponse(
        ProblemSerializer, "The Idempotency-Key was used with another body."
    ),
}


class TwilioViewSet(ApiViewSet):
    """Base of telephony's endpoints."""

    ratelimit_group = "twilio"

    def filters(self, request: Request, known: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """The filters of a list, checked. An empty one is none that the schema knows: 400."""
        given = known(data=request.query_params.dict())
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)


def status_of(intent: Communication) -> int:
    """201, or 202 where the provider gave no answer."""
    return 202 if intent.status in UNSENT - {SCHEDULED} else 201


class NumberViewSet(TwilioViewSet):
    """The phone numbers of the user's Twilio account."""

    asks_providers = True
    serializer_class = NumbersSerializer

    @extend_schema(operation_id="twilio_numbers", responses={200: NumbersSerializer, **CLASHES})
    def numbers(self, request: Request) -> Response:
        """At most 1000 numbers, and what else messages may come from."""
        numbers, others = senders.listed(user=self.caller)
        return Response(NumbersSerializer({"numbers": numbers, "senders": others}).data)
