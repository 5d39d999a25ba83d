"""The view that every webhook comes through."""

from collections.abc import Callable
from urllib.parse import parse_qsl

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from ava import correlation
from ava.inbound import addresses, services, waits
from ava.inbound.errors import WebhookForged, WebhookNotTaken
from ava.inbound.metrics import OUTCOMES, WEBHOOKS
from ava.inbound.models import Delivery
from ava.inbound.source import Forged, Malformed, Pairs, Received, Source, Verified
from ava.jobs import foreground
from ava.problems import (
    LengthRequired,
    MalformedRequest,
    MethodNotAllowed,
    PayloadTooLarge,
    Problem,
)
from ava.ratelimit.views import limited
from ava.responses import problem_response

log = structlog.get_logger("ava.inbound")

LARGEST = 1024 * 1024
MOST_FIELDS = 1000
FORM = "application/x-www-form-urlencoded"

Count = Callable[[str], None]

_FORWARDED = ("Proto", "Host", "Port", "Prefix", "For")
_TOLD = ("Host", *(f"X-Forwarded-{what}" for what in _FORWARDED))


def view(source: Source, *, largest: int = LARGEST) -> Callable[[HttpRequest], HttpResponseBase]:
    """The view of one webhook address: what the source verifies is stored, then acknowledged.

    Args:
        largest: bytes of a body that are read.
    """
    for outcome in OUTCOMES:
        WEBHOOKS.labels(source.provider, source.kind, outcome)

    def count(outcome: str) -> None:
        WEBHOOKS.labels(source.provider, source.kind, outcome).inc()

    @limited("webhooks")
    def take(request: HttpRequest) -> HttpResponseBase:
        try:
            with waits.at_most(waits.SECONDS):
                return _take(source, request, largest, count)
        except Problem as problem:
            return problem_response(problem)
        except (OperationalError, InterfaceError) as fault:
            # Never an acknowledgement for what may not be stored.
            count("not_taken")
            about = {"provider": source.provider, "kind": source.kind}
            log.error("webhook not taken", **about, cause=type(fault).__name__)
            return problem_response(WebhookNotTaken(retry_after=waits.SECONDS))

    @csrf_exempt
    def webhook(request: HttpRequest) -> HttpResponseBase:
        if request.method != "POST":
            return problem_response(MethodNotAllowed(headers={"Allow": "POST"}))
        return take(request)

    return webhook


def _take(source: Source, request: HttpRequest, largest: int, count: Count) -> HttpResponse:
    try:
        received = read(request, largest=largest)
        # What it means can wait. A reply that asks others may take some time.
        with foreground.busy():
            verified = source.verify(received)
            kept = _store(source, verified) if verified.keep else None
    except PayloadTooLarge:
        count("too_large")
        raise
    except Forged as forged:
        count("forged")
        told = {name: request.headers[name][:200] for name in _TOLD if name in request.headers}
        services.refuse(source, forged, urls=addresses.candidates(request), told=told)
        raise WebhookForged from forged
    except Malformed as malformed:
        count("malformed")
        raise MalformedRequest(str(malformed)) from malformed
    if kept is None:
        count("accepted")
        return HttpResponse(status=204)
    delivery, is_new = kept
    with correlation.bind(delivery.correlation_id):
        answer = source.reply(delivery) or HttpResponse(status=204)
    count("accepted" if is_new else "duplicate")
    return answer


def _store(source: Source, verified: Verified) -> tuple[Delivery, bool]:
    with correlation.bind(correlation.accept(verified.correlation_id or correlation.current())):
        try:
            return services.store(source, verified, now=timezone.now())
        except RecursionError as fault:
            raise Malformed("The body is nested too deeply.") from fault


def read(request: HttpRequest, *, largest: int) -> Received:
    """The request as it came.

    Raises:
        PayloadTooLarge, LengthRequired: not to be read.
        Malformed: a form that is none.
    """
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        raise LengthRequired
    if int(request.META.get("CONTENT_LENGTH") or 0) > largest:
        raise PayloadTooLarge
    try:
        # Not `.body`, which knows one limit for all addresses.
        raw = request.read()
    except UnreadablePostError as fault:
        raise Malformed("The body did not arrive whole.") from fault
    is_form = request.content_type == FORM
    return Received(
        urls=addresses.candidates(request),
        headers=request.headers,
        raw=raw,
        query=_pairs(request.META.get("QUERY_STRING", "").encode("latin-1")),
        form=_pairs(raw) if is_form else (),
    )


def _pairs(text: bytes) -> Pairs:
    try:
        found = parse_qsl(text.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as fault:
        raise Malformed("The form could not be read.") from fault
    return tuple(found)
