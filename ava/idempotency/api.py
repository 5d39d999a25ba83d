"""`Idempotency-Key` for views: the header, its documentation, the answer."""

from typing import cast

from django.contrib.auth.models import User
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from ava.idempotency import services
from ava.idempotency.services import Act

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"

IDEMPOTENCY_KEY = OpenApiParameter(
    name=HEADER,
    type=OpenApiTypes.STR,
    location=OpenApiParameter.HEADER,
    description="A value of your own, for instance a UUID. The same key and body within 24 hours "
    "get the same answer (with `Idempotency-Replayed: true`), and nothing is done twice.",
)
"""Header for `extend_schema(parameters=[...])`. Declare 409 and 422 beside it."""


def answer(request: Request, *, scope: str, act: Act) -> Response:
    reply = services.run(
        user=cast(User, request.user),
        scope=scope,
        key=request.headers.get(HEADER),
        body=request.data,
        act=act,
    )
    headers = {REPLAYED: "true"} if reply.replayed else {}
    return Response(reply.body, status=reply.status, headers=headers)
