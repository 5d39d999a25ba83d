"""Request middleware: the correlation ID, and one log line for each request.

Every request passes it, whatever answers; what only pages need is in `ava.http.pages`.
"""

import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ava.http import correlation
from ava.http.problems import MethodNotAllowed
from ava.http.responses import problem_response

TAKEN = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
# Known, so that what it is asked about says which methods it takes.
METHODS = (*TAKEN, "OPTIONS")

log = structlog.get_logger("ava.request")


class RequestMiddleware:
    """The outermost middleware: every answer carries the ID, and is logged under it.

    The path is logged without its query, which may hold codes, tokens and phone numbers.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        correlation_id = correlation.accept(request.META.get(correlation.META))
        request.correlation_id = correlation_id  # type: ignore[attr-defined]  # for Django's own log
        with correlation.bind(correlation_id):
            response = self._answer(request)
            match = request.resolver_match
            log.info(
                "request",
                method=request.method,
                path=request.path,
                view=match.view_name if match else None,
                status=response.status_code,
                code=getattr(response, "problem_code", None),
                duration_ms=round((time.perf_counter() - started) * 1000, 1),
            )
        response[correlation.HEADER] = correlation_id
        return response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        # Made-up methods are refused before django-prometheus makes them labels.
        if request.method not in METHODS:
            return problem_response(MethodNotAllowed(headers={"Allow": ", ".join(TAKEN)}))
        return self.get_response(request)
