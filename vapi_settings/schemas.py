"""Parameters, headers and special answers of the endpoints, for the OpenAPI document."""

from typing import Final

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from ava.http import pagination
from ava.http.openapi import ProblemSerializer
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
SEARCH = OpenApiParameter("search", str, QUERY, description="A part of the text, in any case.")
CUSTOM = OpenApiParameter("custom", bool, QUERY, description="Only custom settings, or none.")
PAGE = [OpenApiParameter(name, schema, QUERY) for name, schema in pagination.SCHEMAS.items()]
RELOAD = OpenApiParameter(
    "Cache-Control", str, HEADER, description="no-cache asks Vapi, whatever copy there is."
)
IF_NONE_MATCH = OpenApiParameter("If-None-Match", str, HEADER, description="ETags you know.")
IF_MATCH = OpenApiParameter(
    "If-Match", str, HEADER, description="ETags of the value that may be replaced; or *."
)
GIVES_ETAG = OpenApiParameter("ETag", str, HEADER, response=[200], description="Strong.")
GIVES_AGE = OpenApiParameter(
    "Age", int, HEADER, response=[200], description="Seconds since it was read from Vapi."
)
UNCHANGED = OpenApiResponse(description="You know it already.")
AMBIGUOUS = OpenApiResponse(
    ProblemSerializer, "Several assistants and none chosen: `assistants` lists them."
)
CLASHES = OpenApiResponse(
    ProblemSerializer, "Several assistants and none chosen, or somebody is changing this one."
)
CHANGED_BEFORE = OpenApiResponse(
    ProblemSerializer, "It is another value by now: `current` has it and its ETag."
)
NOT_CONFIRMED = OpenApiResponse(ProblemSerializer, "The password is not right.")
NOT_IMPORTED = OpenApiResponse(ProblemSerializer, "Vapi does not take this number.")
ASSISTANT_IN_PATH = OpenApiParameter("assistant_id", str, PATH)
