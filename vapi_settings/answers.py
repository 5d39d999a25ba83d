"""What an answer says of its copy's age, and when 304 is enough."""

from typing import Any

from django.utils.cache import patch_vary_headers
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from ava.cache import Copy
from vapi_settings.etags import is_unchanged
from vapi_settings.hits import CACHE_CONTROL


def wants_reload(request: Request) -> bool:
    """Whether the caller asks for Vapi's own word: `Cache-Control: no-cache` or `no-store`."""
    directives = request.headers.get("Cache-Control", "").lower().split(",")
    return any(directive.strip() in ("no-cache", "no-store") for directive in directives)


def about(copy: Copy[Any], answer: Response) -> Response:
    """The answer with the copy's age; with `stale` and `as_of` where reading failed just now."""
    if copy.stale:
        as_of = serializers.DateTimeField().to_representation(copy.as_of)
        answer.data = {**answer.data, "stale": True, "as_of": as_of}
    answer["Age"] = str(max(0, int(copy.age)))
    answer["Cache-Control"] = CACHE_CONTROL
    patch_vary_headers(answer, ["Authorization"])
    return answer


def conditional(request: Request, body: dict[str, Any], copy: Copy[Any], *, tag: str) -> Response:
    """The body with its ETag, or 304 for who knows it. A stale copy is always said to be stale."""
    if not copy.stale and is_unchanged(request.headers.get("If-None-Match"), tag):
        answer = about(copy, Response(status=status.HTTP_304_NOT_MODIFIED))
    else:
        answer = about(copy, Response(body))
    answer["ETag"] = tag
    return answer
