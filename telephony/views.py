"""What all of telephony's endpoints share."""

from typing import Any, Final

from django.contrib.auth.models import User
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.request import Request

from ava.api import ApiViewSet
from ava.openapi import ProblemSerializer
from ava.problems import CONTENT_TYPE

NOT_TWICE: Final[dict[Any, Any]] = {
    (409, CONTENT_TYPE): ProblemSerializer,
    (422, CONTENT_TYPE): OpenApiResponse(
        ProblemSerializer, "The Idempotency-Key was used with another body."
    ),
}
CLASHES: Final[dict[Any, Any]] = {(409, CONTENT_TYPE): ProblemSerializer}


class TwilioViewSet(ApiViewSet):
    """What all of telephony's endpoints share."""

    ratelimit_group = "twilio"

    def caller(self) -> User:
        user = self.request.user
        assert isinstance(user, User)  # noqa: S101 - IsAuthenticated stands in front
        return user

    def filters(self, request: Request, known: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """The filters of a list, checked. An empty one is none that the schema knows: 400."""
        given = known(data=request.query_params.dict())
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)
