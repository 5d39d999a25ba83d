"""/api/v1/twilio/numbers."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from telephony import services
from telephony.serializers import NumbersSerializer
from telephony.viewsets import CLASHES, TwilioViewSet


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
