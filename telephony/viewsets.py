"""The base of telephony's viewsets."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from ava.http.api import ApiViewSet


class TwilioViewSet(ApiViewSet):
    """What all of telephony's endpoints share."""

    ratelimit_group = "twilio"

    def filters(self, request: Request, known: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """The filters of a list, checked. An empty one is none that the schema knows: 400."""
        given = known(data=request.query_params.dict())
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)
