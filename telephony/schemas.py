"""Special answers of the endpoints, for the OpenAPI document."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiResponse

from ava.http.openapi import ProblemSerializer
from ava.http.problems import CONTENT_TYPE

NOT_TWICE: Final[dict[Any, Any]] = {
    (409, CONTENT_TYPE): ProblemSerializer,
    (422, CONTENT_TYPE): OpenApiResponse(
        ProblemSerializer, "The Idempotency-Key was used with another body."
    ),
}
CLASHES: Final[dict[Any, Any]] = {(409, CONTENT_TYPE): ProblemSerializer}
