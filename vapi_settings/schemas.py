"""Parameters, headers and special answers of the endpoints, for the OpenAPI document."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from ava.http import pagination
from ava.http.openapi import ProblemSerializer
from ava.http.problems import CONTENT_TYPE
from vapi_settings import catalogue

PATH: Final = OpenApiParameter.PATH
QUERY: Final = OpenApiParameter.QUERY
HEADER: Final = OpenApiParameter.HEADER

KEY = OpenApiParameter(
    "key",
    str,
    PATH,
    pattern=rf"^{catalogue.KEY.pattern}$",
    description="The setting's name: a standard one, or one of your own.",
)
ASSISTANT = OpenApiParameter(
    "assistant_id", str, QUERY, description="Left out: the default assistant, else the only one."
)
ASSISTANT_IN_PATH = OpenApiParameter("assistant_id", str, PATH)
SEARCH = OpenApiParameter("search", str, QUERY, description="A part of the text, in any case.")
CUSTOM = OpenApiParameter("custom", bool, QUERY, description="Only custom settings, or none.")
PAGE = [OpenApiParameter(name, pagination.SCHEMAS[name], QUERY) for name in ("limit", "cursor")]
IF_MATCH = OpenApiParameter(
    "If-Match", str, HEADER, description="ETags of the value that may be replaced; or *."
)
ETAG = OpenApiParameter("ETag", str, HEADER, response=[200], description="Strong.")
COPY = [
    OpenApiParameter(
        "Cache-Control", str, HEADER, description="no-cache asks Vapi, whatever copy there is."
    ),
    OpenApiParameter(
        "Age", int, HEADER, response=[200], description="Seconds since it was read from Vapi."
    ),
]
CONDITIONAL = [
    *COPY,
    OpenApiParameter("If-None-Match", str, HEADER, description="ETags you know."),
    ETAG,
]
UNCHANGED = {304: OpenApiResponse(description="You know it already.")}


def problem(status: int, description: str) -> dict[Any, OpenApiResponse]:
    """One more answer of an endpoint."""
    return {(status, CONTENT_TYPE): OpenApiResponse(ProblemSerializer, description)}


AMBIGUOUS = problem(409, "Several assistants and none chosen: `assistants` lists them.")
CLASHES = {
    **problem(409, "Several assistants and none chosen, or somebody is changing this one."),
    **problem(412, "It is another value by now: `current` has it and its ETag."),
}
NOT_IMPORTED = {
    **problem(403, "The password is not right."),
    **problem(409, "Vapi does not take this number."),
}


class CopyPagination(pagination.Pagination):
    """Pages of a copy; while Vapi fails they say so."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        page = super().get_paginated_response_schema(schema)
        page["properties"] |= {
            "stale": {"type": "boolean", "description": "true: this is the last good copy."},
            "as_of": {"type": "string", "format": "date-time"},
        }
        return page
