"""CORS: which answers pages of other origins may read. django-cors-headers, on the API alone."""

from collections.abc import Mapping
from typing import Any

from corsheaders.middleware import CorsMiddleware
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse


class Cors(CorsMiddleware):
    """django-cors-headers', which takes no time where no origin is named."""

    def __init__(self, get_response: Any) -> None:
        if not settings.CORS_ALLOWED_ORIGINS:
            raise MiddlewareNotUsed
        super().__init__(get_response)


def headers_of(path: str, origin: str | None) -> Mapping[str, str]:
    """CORS headers, `Vary` included, of an answer that Django's middlewares do not see.

    Args:
        path: of the request, below the prefix of `AVA_PUBLIC_URL`.
        origin: its `Origin` header.
    """
    if not settings.CORS_ALLOWED_ORIGINS:
        return {}
    request, answer = HttpRequest(), HttpResponse()
    request.path_info = path
    if origin is not None:
        request.META["HTTP_ORIGIN"] = origin
    CorsMiddleware(lambda _: answer)(request)
    del answer["Content-Type"]
    return dict(answer.items())
