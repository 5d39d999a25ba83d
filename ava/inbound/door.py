"""Door of webhooks: method, size, proof over the raw bytes, limit, storage, acknowledgement."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from ava import ratelimit, tenant
from ava.http import correlation
from ava.http.problems import (
    LengthRequired,
    MalformedRequest,
    MethodNotAllowed,
    PayloadTooLarge,
    Problem,
    RateLimited,
)
from ava.http.responses import problem_response
from ava.inbound import services
from ava.inbound.models import Delivery
from ava.inbound.services import WEBHOOKS, WebhooksSpent
from ava.inbound.source import InvalidSignature, Pairs, Source, WebhookRequest
from ava.server.environ import received_at

log = structlog.get_logger("ava.inbound")

LARGEST = 1024 * 1024
MOST_FIELDS = 1000
FORM = "application/x-www-form-urlencoded"
SECONDS = 3.0
"""Seconds from a webhook's arrival until it is stored or refused. Twilio gives up after 15 s,
repetitions included, so three of them fit
(https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides, `tt`)."""
# Of these for the database, however long the webhook has waited for a thread.
LEAST_SECONDS = 0.25
UNPROVEN = "webhooks"
PROVEN = "webhooks_account"
LARGE = "webhooks_large"
# Bytes of a body from which on parsing takes as long as all else together.
LARGE_FROM = 256 * 1024

traced: Callable[[Delivery], AbstractContextManager[object]] = nullcontext
"""Surrounds the answer to a stored webhook with its span, where tracing is on."""

_REFUSALS: Mapping[type[Problem], str] = {
    InvalidSignature: "forged",
    MalformedRequest: "malformed",
    PayloadTooLarge: "too_large",
    RateLimited: "limited",
    WebhooksSpent: "limited",
}
_PORT = re.compile(r":[0-9]*$")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_OUTCOMES = {*_REFUSALS.values(), "accepted", "duplicate", "not_taken", "failed"}


class WebhookNotTaken(Problem):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "webhook_not_taken"
    detail = "AVA cannot take this webhook right now. Please send it again."


def view(source: Source, *, largest: int = LARGEST) -> Callable[[HttpRequest], HttpResponseBase]:
    """The view of one webhook address. Of a body at most `largest` bytes are read."""
    for outcome in _OUTCOMES:
        WEBHOOKS.labels(source.provider, source.kind, outcome)

    @csrf_exempt
    def webhook(request: HttpRequest) -> HttpResponseBase:
        if request.method != "POST":
            return problem_response(MethodNotAllowed(headers={"Allow": "POST"}))
        age = (timezone.now() - received_at(request)).total_seconds()
        try:
            with _statement_timeout(max(SECONDS - age, LEAST_SECONDS)):
                return _receive(source, request, largest)
        except Problem as problem:
            return problem_response(problem)
        except (OperationalError, InterfaceError) as fault:
            # Never an acknowledgement for what may not be stored.
            _count(source, "not_taken")
            about = {"provider": source.provider, "kind": source.kind}
            log.error("webhook not taken", **about, cause=type(fault).__name__)
            return problem_response(WebhookNotTaken(retry_after=SECONDS))

    return webhook


@contextmanager
def _statement_timeout(seconds: float) -> Iterator[None]:
    """Limit of the database's time for a statement, locks included; it raises OperationalError."""
    milliseconds = round(seconds * 1000)
    if connection.vendor == "postgresql":
        with connection.execute_wrapper(_limited(milliseconds)):
            yield
        return
    usual = round(connection.settings_dict["OPTIONS"]["timeout"] * 1000)
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {milliseconds}")
    try:
        yield
    finally:
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA busy_timeout = {usual}")
        except DatabaseError:
            connection.close()  # the next request of this thread gets a new one


def _limited(milliseconds: int) -> Callable[..., Any]:
    """A limit that goes with each statement: of a pooler's session the next one may be another's.

    Both are one message and so at least one transaction, with which the limit ends.
    """
    limit = f"SET LOCAL statement_timeout = {milliseconds}"

    def execute(run: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        # After an error a transaction takes nothing before its ROLLBACK.
        if many or sql.startswith("ROLLBACK"):
            return run(sql, params, many, context)
        done = run(f"{limit}; {sql}", params, many, context)
        context["cursor"].nextset()
        return done

    return execute


def _receive(source: Source, request: HttpRequest, largest: int) -> HttpResponse:
    try:
        received = read(request, largest=largest)
        owner, content = source.verify(received)
    except Problem as refusal:
        _count(source, _REFUSALS.get(type(refusal)))
        # Only unproven webhooks count for the client's address.
        refusal.headers.update(_limit(request, UNPROVEN))
        if isinstance(refusal, InvalidSignature):
            services.refuse(source, refusal, received)
        raise
    try:
        account = f"{source.provider} {owner.pk if owner else 'operator'}"
        headers = _limit(request, PROVEN, account)
        if len(received.raw) >= LARGE_FROM:
            headers = _limit(request, LARGE, account)
        verified = content()
        if not verified.keep:
            _count(source, "accepted")
            return HttpResponse(status=204, headers=headers)
        delivery, is_new = services.store(source, owner, verified, now=timezone.now())
    except Problem as refusal:
        _count(source, _REFUSALS.get(type(refusal)))
        raise
    whose = tenant.key(delivery.owner_id)
    with correlation.bind(delivery.correlation_id), tenant.bind(whose), traced(delivery):
        answer = source.reply(delivery) or HttpResponse(status=204)
    _count(source, "accepted" if is_new else "duplicate")
    for name, value in headers.items():
        answer[name] = value
    return answer


def _count(source: Source, outcome: str | None) -> None:
    if outcome:
        WEBHOOKS.labels(source.provider, source.kind, outcome).inc()


def _limit(request: HttpRequest, group: str, who: str | None = None) -> Mapping[str, str]:
    verdict = ratelimit.check(request, group, client=who)
    headers = verdict.headers()
    if verdict.problem is not None:
        verdict.problem.headers.update(headers)
        raise verdict.problem
    return headers


def read(request: HttpRequest, *, largest: int) -> WebhookRequest:
    """The request as it came. Raises: PayloadTooLarge, LengthRequired, MalformedRequest."""
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        raise LengthRequired
    if int(request.META.get("CONTENT_LENGTH") or 0) > largest:
        raise PayloadTooLarge
    try:
        # Not `.body`, which knows one limit for all addresses.
        raw = request.read()
    except UnreadablePostError as fault:
        raise MalformedRequest("The body did not arrive whole.") from fault
    return WebhookRequest(
        urls=addresses_of(request),
        path=request.path_info,
        headers=request.headers,
        raw=raw,
        query=_pairs(request.META.get("QUERY_STRING", "").encode("latin-1")),
        form=_pairs(raw) if request.content_type == FORM else (),
    )


def _pairs(text: bytes) -> Pairs:
    try:
        found = parse_qsl(text.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as fault:
        raise MalformedRequest("The form could not be read.") from fault
    return tuple(found)


def addresses_of(request: HttpRequest) -> tuple[str, ...]:
    """The address as set or forwarded, with and without its port, as Twilio's library does."""
    query = request.META.get("QUERY_STRING", "")
    tail = request.path_info + (f"?{query}" if query else "")
    base = urlsplit(settings.PUBLIC_URL or _forwarded_address(request))
    name = _PORT.sub("", base.netloc)
    other = name if name != base.netloc else f"{name}:{_DEFAULT_PORTS[base.scheme]}"
    return tuple(f"{base.scheme}://{host}{base.path}{tail}" for host in (base.netloc, other))


def _forwarded(request: HttpRequest, header: str) -> str:
    """The outermost trusted proxy's part of a header; empty without any."""
    hops: int = settings.TRUSTED_PROXIES
    chain = [part.strip() for part in request.headers.get(header, "").split(",")]
    return chain[max(0, len(chain) - hops)] if hops else ""


def _forwarded_address(request: HttpRequest) -> str:
    scheme = _forwarded(request, "X-Forwarded-Proto")
    if scheme not in _DEFAULT_PORTS:
        scheme = "https" if request.is_secure() else "http"
    host, port = _forwarded(request, "X-Forwarded-Host"), _forwarded(request, "X-Forwarded-Port")
    if not _is_host(host):
        host = request.get_host()
    if port.isascii() and port.isdigit():
        host = f"{_PORT.sub('', host)}:{port}"
    return f"{scheme}://{host}"


def _is_host(text: str) -> bool:
    """Whether an address can begin with this text, which anybody may have written."""
    try:
        parts = urlsplit(f"https://{text}")
    except ValueError:
        return False
    return parts.netloc == text and bool(parts.hostname)
