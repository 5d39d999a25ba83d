"""Middlewares: correlation ID and log line, metrics, refusal of bodies, and what only pages need.

Sessions, messages and the like cost as much as a cached answer of the API, so what is no page
passes them by.
"""

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, ClassVar
from uuid import uuid4

import structlog
from csp.middleware import CSPMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.http.response import HttpResponseBase
from django.middleware.common import CommonMiddleware
from django_prometheus.middleware import PrometheusAfterMiddleware, PrometheusBeforeMiddleware
from whitenoise.middleware import WhiteNoiseMiddleware

from ava.http import correlation, metrics
from ava.http.problems import MethodNotAllowed, PayloadTooLarge, Problem, UnsupportedMediaType
from ava.http.responses import NO_PAGES, PROBES, answer, problem_response

TAKEN = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
READS = ("GET", "HEAD")
# OPTIONS is let through, so that an address can answer which methods it takes.
METHODS = (*TAKEN, "OPTIONS")

LARGEST_FORM = 64 * 1024
"""Bytes of a form: Twilio's webhooks and the admin's pages need less. Forms are parsed before their
sender is known, and a megabyte of escapes holds Python's lock for 90 ms."""
_FORMS = ("application/x-www-form-urlencoded", "multipart/")
# A multipart boundary has 70 characters at most. Parsing takes quadratic time, too.
_LONGEST = 256
_UTF_8 = re.compile(r';[ \t]*charset=("?)utf-?8\1[ \t]*(?=;|$)', re.IGNORECASE)
# Refused like the header it stands for, and harmless to parse.
_REFUSED = "refused; charset=none"

listeners: list[Callable[..., None]] = []
"""Called after each answer to a user that changed something, asked a provider, or failed:
`(request, response, *, owner_id, at, duration_ms)`. Reads from a copy leave no trace."""

GetResponse = Callable[[HttpRequest], HttpResponseBase]

log = structlog.get_logger("ava.request")


class RequestMiddleware:
    """The outermost middleware: every answer carries the correlation ID, and is logged under it.

    The path is logged without its query, which may hold codes, tokens and phone numbers.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began, started = time.time(), time.perf_counter()
        given = request.META.get(correlation.META)
        correlation_id = str(uuid4()) if given is None else correlation.accept(given)
        request.correlation_id = correlation_id  # type: ignore[attr-defined]  # for Django's own log
        token = correlation.CURRENT.set(correlation_id)
        try:
            response = self._answer(request)
            duration_ms = round((time.perf_counter() - started) * 1000, 1)
            match = request.resolver_match
            problem: type[Problem] | None = getattr(response, "problem", None)
            if problem is not None:
                metrics.count_error(
                    response.status_code, problem.code, is_providers=problem.is_providers
                )
            elif response.status_code >= HTTPStatus.BAD_REQUEST and request.path_info not in PROBES:
                metrics.count_error(response.status_code)
            log.info(
                "request",
                method=request.method,
                path=request.path_info,
                view=match.view_name if match else None,
                status=response.status_code,
                code=problem and problem.code,
                user=_user_of(request),
                duration_ms=duration_ms,
            )
            if (owner_id := getattr(request, "owner_id", None)) is not None and (
                request.method not in READS
                or response.status_code >= 400
                or correlation.ASKED.get() == correlation_id
            ):
                at = datetime.fromtimestamp(began, UTC)
                for listener in listeners:
                    listener(request, response, owner_id=owner_id, at=at, duration_ms=duration_ms)
        finally:
            correlation.CURRENT.reset(token)
        response[correlation.HEADER] = correlation_id
        return response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        # Made-up methods are refused before django-prometheus makes them labels.
        if request.method not in METHODS:
            return problem_response(MethodNotAllowed(headers={"Allow": ", ".join(TAKEN)}))
        return self.get_response(request)


def _user_of(request: HttpRequest) -> int | None:
    """ID of the user, if one was asked for; the database is not asked here."""
    user_id = getattr(request, "owner_id", None)
    if user_id is None:  # a page: where Django keeps whom `request.user` found
        user_id = getattr(getattr(request, "_cached_user", None), "pk", None)
    return user_id


class _Children:
    """Labelled metrics, looked up once for each set of labels."""

    _children: ClassVar[dict[Any, Any]] = {}

    def label_metric(self, metric: Any, request: Any, response: Any = None, **labels: str) -> Any:
        """django-prometheus' own hook."""
        key = (metric, *labels.values())
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = metric.labels(**labels) if labels else metric
        return child


class MetricsBefore(_Children, PrometheusBeforeMiddleware):
    """django-prometheus' outer half."""


class MetricsAfter(_Children, PrometheusAfterMiddleware):
    """django-prometheus' inner half, less its double count of views that raise."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        # The parent also observes the latency here, and once more in process_response.
        self.metrics.exceptions_by_type.labels(type=type(exception).__name__).inc()
        self.metrics.exceptions_by_view.labels(view=self._get_view_name(request)).inc()


class HostMiddleware(CommonMiddleware):
    """Django's, which refuses unknown host names; probes name an IP address or none."""

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        # What is ready was found under a name that is known.
        if request.path_info in PROBES or hasattr(request, "ready"):
            return None
        return super().process_request(request)


class OnPages:
    """A middleware that only pages pass."""

    get_response: Callable[[HttpRequest], Any]

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith(NO_PAGES):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]  # Django's middleware


class ContentSecurityPolicy(OnPages, CSPMiddleware):
    """django-csp's, on pages."""


class StaticFiles(OnPages, WhiteNoiseMiddleware):
    """WhiteNoise's, on pages."""


class Session(OnPages, SessionMiddleware):
    """Django's, on pages."""


class Authentication(OnPages, AuthenticationMiddleware):
    """Django's, on pages."""


class Messages(OnPages, MessageMiddleware):
    """Django's, on pages."""


class BodyMiddleware:
    """Plain UTF-8 only, refused with 415 before anything decodes a byte of another body.

    Of Python's codecs `punycode` takes quadratic time, and `zlib`, `hex` or `undefined` raise where
    Django does not expect it. So no other charset may be named, and no extended parameter
    (`name*=charset''value`). Innermost, so that the refusal is logged and counted, and carries what
    every answer carries.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        refusal = _refusal(request.META)
        return self.get_response(request) if refusal is None else answer(request, refusal)


def disarm(environ: dict[str, Any]) -> None:
    """Replace a Content-Type that will be refused: Django's request constructor decodes it."""
    if not _is_utf_8(environ.get("CONTENT_TYPE", "")):
        environ["CONTENT_TYPE"] = _REFUSED


def _refusal(meta: Mapping[str, Any]) -> Problem | None:
    content_type = meta.get("CONTENT_TYPE", "")
    if not _is_utf_8(content_type):
        return UnsupportedMediaType("Send the body in UTF-8, and name no other charset.")
    if meta.get("HTTP_CONTENT_ENCODING", "").strip().lower() not in ("", "identity"):
        return UnsupportedMediaType("Send the body as it is, without a Content-Encoding.")
    is_form = content_type.strip().lower().startswith(_FORMS)
    if is_form and int(meta.get("CONTENT_LENGTH") or 0) > LARGEST_FORM:
        return PayloadTooLarge()
    return None


def _is_utf_8(content_type: str) -> bool:
    """Whether the header names UTF-8 once, or no charset."""
    if not content_type:
        return True
    if len(content_type) > _LONGEST or not content_type.isascii():
        return False
    rest = _UTF_8.sub("", content_type, count=1).lower()
    return "charset" not in rest and "*" not in rest
