"""Problems as Django responses, and the error pages of everything that is not DRF's."""

import json
import sys
from collections.abc import Callable
from typing import TypeVar

from django.core.exceptions import DisallowedHost
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from ava.http import correlation
from ava.http.problems import (
    CONTENT_TYPE,
    DatabaseUnavailable,
    MalformedRequest,
    NotFound,
    PermissionRefused,
    Problem,
)

R = TypeVar("R", bound=HttpResponseBase)

LIVENESS = "/healthz"
PROBES = (LIVENESS, "/readyz")
NO_PAGES = ("/api/v1/", "/api/schema", *PROBES, "/metrics")
"""Addresses that answer no pages."""

NEVER_KEPT = {"Cache-Control": "no-store, private"}
"""Headers of answers that no cache may keep."""

DATABASE_SECONDS = 2
"""A restart of PostgreSQL takes about that long."""

# Icon, and what to do, on error pages; the problem's own sentence says what happened.
_NO_ADVICE = ("circle-alert", "")
_ADVICE = {
    400: ("circle-alert", "Go back, check what you entered, and send it again."),
    403: ("ban", "If you should be, ask your operator, and quote the ID below."),
    404: ("search", "Check the address. What was here may have been deleted, or never was yours."),
    413: ("upload", "Send less at once: a smaller file, or several smaller ones."),
    429: ("clock", "Nothing is lost. This page goes on by itself when the time is over."),
    500: ("triangle-alert", "It has been logged. Trying again in a minute may help."),
    503: ("clock", "What you have stored is safe. This page goes on by itself as soon as it can."),
}


def problem_response(problem: Problem) -> HttpResponse:
    response = HttpResponse(
        json.dumps(problem.body()),
        status=problem.status,
        content_type=CONTENT_TYPE,
        headers=problem.headers,
    )
    return with_code(response, problem)


def with_code(response: R, problem: Problem) -> R:
    """The response, of which the request's log line and the metrics name the problem."""
    # Of the problem itself its traceback would hold the response.
    response.problem = type(problem)  # type: ignore[attr-defined]  # ours, read by RequestMiddleware
    return response


def answer(request: HttpRequest, problem: Problem, *, advice: str | None = None) -> HttpResponse:
    """JSON under /api/, where no pages are, and where JSON is asked for; else a page.

    Args:
        advice: what to do, where it is not what the status says.
    """
    wants_page = "text/html" in request.headers.get("Accept", "")
    if request.path_info.startswith(("/api/", *NO_PAGES)) or not wants_page:
        return problem_response(problem)
    sign, ordinary = _ADVICE.get(int(problem.status), _NO_ADVICE)
    context = {
        "problem": problem,
        "correlation_id": correlation.current(),
        "error_sign": sign,
        "advice": ordinary if advice is None else advice,
        # A form is not sent again by itself.
        "at_end": "reload" if request.method == "GET" else "",
        "retry_text": "Trying again in" if request.method == "GET" else "Try again in",
    }
    response = with_code(render(request, "error.html", context, status=problem.status), problem)
    for name, value in problem.headers.items():
        response[name] = value
    return response


def _answers(
    kind: Callable[..., Problem], detail: str | None = None, *, advice: str | None = None
) -> Callable[..., HttpResponse]:
    return lambda request, *args, **kwargs: answer(request, kind(detail), advice=advice)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """An unknown host name, a hostile form."""
    detail = "The request could not be understood."
    if isinstance(exception, DisallowedHost):
        detail = (
            "AVA does not answer to this host name or address. Set AVA_PUBLIC_URL to the address "
            "that people use, or name its host in ALLOWED_HOSTS, and start AVA again."
        )
    return answer(request, MalformedRequest(detail))


permission_denied = _answers(PermissionRefused)
# Most likely an old form, without its token.
csrf_failure = _answers(
    PermissionRefused,
    "This form has expired. Go back, reload the page and try again.",
    advice="Most likely you logged in again elsewhere in the meantime. Nothing was done.",
)
not_found = _answers(NotFound)


def server_error(request: HttpRequest) -> HttpResponse:
    """The exception that Django is handling: the database's trouble passes, others are AVA's."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return answer(request, DatabaseUnavailable(retry_after=DATABASE_SECONDS))
    return answer(request, Problem())
