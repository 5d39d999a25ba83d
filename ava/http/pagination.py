"""Pagination of lists. Apart from `ava.http.api`: DRF loads it while its own views load.

By offset: lists that stay short. Those that grow have pages by cursor: `ava.http.keyset`.
"""

from typing import Any

from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.serializers import ValidationError

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
MAX_OFFSET = 1_000_000

# For the OpenAPI document, by the name of the query parameter.
SCHEMAS: dict[str, dict[str, Any]] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    "offset": {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET, "default": 0},
    "cursor": {"type": "string", "description": "Of `next` or `previous`; opaque."},
}
LINK = {"type": ["string", "null"], "format": "uri"}


class Pagination(LimitOffsetPagination):
    """`limit` and `offset`. What is no such number is refused, not guessed at."""

    default_limit = DEFAULT_LIMIT
    max_limit = MAX_LIMIT

    def get_limit(self, request: Request) -> int:
        return limit_of(request)

    def get_offset(self, request: Request) -> int:
        return _number(request, "offset", 0, 0, MAX_OFFSET)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        page = super().get_paginated_response_schema(schema)
        # DRF writes what OpenAPI 3.0 understood.
        page["properties"] |= {"next": LINK, "previous": LINK}
        return {**page, "required": list(page["properties"])}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return parameters(limit=SCHEMAS["limit"], offset=SCHEMAS["offset"])


def parameters(**schemas: dict[str, Any]) -> list[dict[str, Any]]:
    """Query parameters for the OpenAPI document."""
    return [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in schemas.items()
    ]


def limit_of(request: Request, default: int = DEFAULT_LIMIT) -> int:
    """The rows that a page may have. Raises: ValidationError."""
    return _number(request, "limit", default, 1, MAX_LIMIT)


def _number(request: Request, name: str, default: int, low: int, high: int) -> int:
    raw = request.query_params.get(name)
    if raw is None:
        return default
    if not (raw.isascii() and raw.isdigit() and len(raw) < 10 and low <= int(raw) <= high):
        raise ValidationError({name: [f"must be a whole number from {low} to {high}."]})
    return int(raw)
