"""Base view of every REST endpoint, its JSON in and out, and its exception handler."""

import json
import math
from collections.abc import Collection, Container, Mapping
from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, UnreadablePostError
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema_field
from rest_framework import exceptions, parsers, serializers
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.json import strict_constant
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from ava import ratelimit, tenant
from ava.http import problems
from ava.http.problems import Problem
from ava.http.responses import with_code

_SIMPLE: tuple[tuple[type[Exception], type[Problem]], ...] = (
    (exceptions.ParseError, problems.MalformedRequest),
    (exceptions.UnsupportedMediaType, problems.UnsupportedMediaType),
    (exceptions.MethodNotAllowed, problems.MethodNotAllowed),
    (exceptions.NotAcceptable, problems.NotAcceptable),
    (exceptions.PermissionDenied, problems.PermissionRefused),
    (PermissionDenied, problems.PermissionRefused),
    (exceptions.NotFound, problems.NotFound),
    (Http404, problems.NotFound),
    (RequestDataTooBig, problems.PayloadTooLarge),
    # The client went away, or took too long to send its body.
    (UnreadablePostError, problems.MalformedRequest),
)


class AsciiJSONRenderer(JSONRenderer):
    """JSON in ASCII: a caller or a provider may have named half a surrogate pair, which JSON can
    name and UTF-8 cannot hold."""

    ensure_ascii = True


class JSONParser(parsers.JSONParser):
    """Objects in UTF-8, whatever the client declares, with numbers that JSON can answer with.

    A member that is null is absent, but for those that the view names in `null_is_a_value`.

    DRF's decodes with the client's charset, takes 1e400 for infinity, and raises
    RecursionError on a body of nothing but brackets.
    """

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            text = stream.read().decode()
            body = json.loads(text, parse_constant=strict_constant, parse_float=_finite)
            kept = getattr((parser_context or {}).get("view"), "null_is_a_value", ())
            body = _without_nulls(body, kept)
        except RecursionError as fault:
            raise exceptions.ParseError("JSON parse error - nested too deeply") from fault
        except ValueError as fault:
            raise exceptions.ParseError(f"JSON parse error - {fault}") from fault
        if not isinstance(body, dict):
            raise problems.ValidationFailed(errors={problems.WHOLE: ["Send a JSON object."]})
        return body


def _without_nulls(value: Any, kept: Container[str]) -> Any:
    """The value without members that are null; what is in the members `kept` stays as it is."""
    if isinstance(value, list):
        return [_without_nulls(item, kept) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: member if name in kept else _without_nulls(member, kept)
        for name, member in value.items()
        if member is not None or name in kept
    }


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else strict_constant(text)


@extend_schema_field({})
class AnyField(serializers.Field[Any, Any, Any, Any]):
    """Any JSON, null included. DRF's JSONField documents null as something beside "anything"."""

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        return (True, None) if data is None else super().validate_empty_values(data)

    def to_internal_value(self, data: Any) -> Any:
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class OneRenderer(DefaultContentNegotiation):
    """DRF's, which weighs media types only where a caller names some."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[Any, str]:
        accepts = request.META.get("HTTP_ACCEPT", "*/*") in ("*/*", renderers[0].media_type)
        if accepts and len(renderers) == 1 and "format" not in request.query_params:
            return renderers[0], renderers[0].media_type
        chosen: tuple[Any, str] = super().select_renderer(request, renderers, format_suffix)
        return chosen


class RateLimitedView(APIView):
    """Counts each request against its group before it is looked at, wrong tokens included."""

    # No OPTIONS: /api/schema says it better.
    http_method_names = ("get", "head", "post", "put", "patch", "delete")
    content_negotiation_class = OneRenderer
    parser_classes = (JSONParser,)
    renderer_classes = (AsciiJSONRenderer,)
    ratelimit_group: ClassVar[str | None] = None  # None counts nothing
    largest_body: ClassVar[int | None] = None  # bytes, where it is less than others may send
    too_large: ClassVar[str] = problems.PayloadTooLarge.detail
    # All actions, or those named, may answer with a provider's failure (for OpenAPI).
    asks_providers: ClassVar[bool | tuple[str, ...]] = False
    headers_of_all: ClassVar[Mapping[str, str]] = {}
    # Members of the body that may be null, or hold nulls; any other that is null is absent.
    null_is_a_value: ClassVar[Collection[str]] = ()
    login_only: ClassVar[Collection[str]] = ()  # actions that take no API token

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.ratelimit_group:
            ratelimit.introduce(cls.ratelimit_group)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        token = tenant.CURRENT.set(None)  # until `initial` knows whose request it is
        try:
            return super().dispatch(request, *args, **kwargs)
        finally:
            tenant.CURRENT.reset(token)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
            # Without a length DRF would take the body for none, and complain of missing fields.
            raise problems.LengthRequired
        if self.ratelimit_group:
            # Kept for finalize_response: a later refusal carries the counters, too.
            self.ratelimit_verdict = ratelimit.check(
                request._request, self.ratelimit_group, user=_signed_user(request)
            )
            if self.ratelimit_verdict.problem is not None:
                raise self.ratelimit_verdict.problem
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        if self.largest_body is not None and length > self.largest_body:
            raise problems.PayloadTooLarge(self.too_large)
        super().initial(request, *args, **kwargs)
        if request.user.pk is not None:
            tenant.CURRENT.set(str(request.user.pk))
            request._request.owner_id = request.user.pk  # type: ignore[attr-defined]  # for listeners

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        final: Response = super().finalize_response(request, response, *args, **kwargs)
        verdict = getattr(self, "ratelimit_verdict", None)
        counted = {} if verdict is None else verdict.headers()
        for name, value in (*self.headers_of_all.items(), *counted.items()):
            final[name] = value
        return final


class ApiViewSet(RateLimitedView, GenericViewSet[Any]):
    @property
    def caller(self) -> User:
        """The logged-in user. Only where `IsAuthenticated` stands in front, as is the rule."""
        user = self.request.user
        assert isinstance(user, User)  # noqa: S101 - narrows the type
        return user


def exception_handler(exception: Exception, context: dict[str, Any]) -> Response | None:
    """Every exception of a view as problem+json. None hands AVA's own faults to Django's 500."""
    problem = as_problem(exception)
    if problem is None:
        return None
    # A problem is JSON, also where the view writes pages or YAML.
    request: Any = context["request"]
    request.accepted_renderer, request.accepted_media_type = AsciiJSONRenderer(), "application/json"
    response = Response(problem.body(), status=problem.status, headers=problem.headers)
    response.content_type = problems.CONTENT_TYPE
    return with_code(response, problem)


def as_problem(exception: Exception) -> Problem | None:
    if isinstance(exception, Problem):
        return exception
    if isinstance(exception, exceptions.ValidationError):
        return validation_problem(exception.detail)
    if isinstance(exception, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return problems.NotAuthenticated(headers={"WWW-Authenticate": 'Bearer realm="ava"'})
    for kind, problem in _SIMPLE:
        if isinstance(exception, kind):
            return problem()
    return None


def validation_problem(detail: Any) -> problems.ValidationFailed:
    errors: dict[str, list[str]] = {}
    _flatten(detail, "", errors)
    return problems.ValidationFailed(errors=errors)


def _flatten(detail: Any, prefix: str, errors: dict[str, list[str]]) -> None:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            _flatten(inner, f"{prefix}.{name}" if prefix else str(name), errors)
    elif isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        for index, inner in enumerate(detail):
            _flatten(inner, f"{prefix}.{index}" if prefix else str(index), errors)
    else:
        messages = detail if isinstance(detail, list) else [detail]
        errors.setdefault(prefix or problems.WHOLE, []).extend(str(item) for item in messages)


def _signed_user(request: Request) -> str | None:
    readers = (getattr(each, "signed_user", None) for each in request.authenticators or ())
    return next((read(request) for read in readers if read), None)
