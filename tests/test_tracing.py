"""Traces: the spans of one request, from the socket to the provider, and what links the rest to it.

They arrive at a receiver of the test's own, by OTLP over HTTP.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from ava import jobs, upstream
from ava.cache import read_cache
from ava.http import correlation, fastpath
from ava.inbound import door as inbound
from ava.jobs import executor, services
from ava.jobs.models import Job
from ava.observability import tracing
from ava.observability.span_exporter import Exporter
from ava.server import traced
from ava.upstream.door import listeners
from conftest import client_of
from sandbox.server import Sandbox
from tests.otlp import Received, Receiver

SETTINGS = "/api/v1/vapi/settings"
FRESH = {"Cache-Control": "no-cache"}
NAME = f"GET {SETTINGS}"
CALLERS_TRACE, CALLERS_SPAN = "ab" * 16, "cd" * 8
SEAMS = (
    *((read_cache, "traced"), (upstream.hooks, "traced"), (inbound, "traced")),
    *((executor, "traced"), (services, "traceparent")),
)
LISTENERS = (read_cache.listeners, listeners, upstream.hooks.listeners)


@pytest.fixture
def collector(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A collector, and AVA with its tracing on."""
    for module, name in SEAMS:
        monkeypatch.setattr(module, name, getattr(module, name))
    before = [list(known) for known in LISTENERS]
    first, *rest = settings.MIDDLEWARE
    settings.MIDDLEWARE = [first, "ava.server.traced.TracingMiddleware", *rest]
    fastpath.forget()
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
    with Receiver() as receiver:
        tracing.start(Exporter(endpoint=f"{receiver.url}/v1/traces"))
        traced.connect()
        yield receiver
        tracing.stop()
    for known, was in zip(LISTENERS, before, strict=True):
        known[:] = was


@pytest.fixture
def api(collector: Receiver, user: User, sandbox: Sandbox) -> APIClient:
    """Ada's client, with tracing on and Vapi connected."""
    api = client_of(user)
    put = api.put("/api/v1/integrations/vapi/credentials", {"api_key": "vapi-demo-key"})
    assert put.status_code == 200, put.content
    return api


def read(api: APIClient, as_id: str, **headers: str) -> Any:
    return api.get(SETTINGS, headers={correlation.HEADER: as_id, **headers})


def whole(collector: Receiver, as_id: str) -> list[Received]:
    """The spans of a request, the outermost first; it ends last, so all of them are here."""
    collector.await_span(NAME, lambda span: span.attributes["ava.correlation_id"] == as_id)
    found = [s for s in collector.spans if s.attributes["ava.correlation_id"] == as_id]
    return found[::-1]


def test_a_missed_read_is_a_tree_from_the_request_to_the_provider(
    api: APIClient, collector: Receiver
) -> None:
    assert read(api, "missed").status_code == 200
    root, *_ = whole(collector, "missed")
    assert (root.kind, root.parent, root.attributes["http.response.status_code"]) == (2, b"", 200)
    cache = next(one for one in collector.children(root) if collector.children(one))
    assert (cache.name, cache.attributes["ava.cache.result"]) == ("cache vapi_assistants", "miss")
    [attempt] = collector.children(cache)
    about = {
        "ava.correlation_id": "missed",
        "ava.provider": "vapi",
        "http.request.method": "GET",
        "url.path": "/assistant",
        "ava.attempt": 1,
        "ava.breaker": "closed",
        "ava.outcome": "200",
        "http.response.status_code": 200,
    }
    assert (attempt.name, attempt.kind, attempt.failed) == ("vapi GET", 3, False)
    assert about.items() <= attempt.attributes.items()


def test_a_cached_read_is_one_span_in_its_callers_trace(
    api: APIClient, collector: Receiver
) -> None:
    read(api, "first")
    traceparent = f"00-{CALLERS_TRACE}-{CALLERS_SPAN}-01"
    answer = read(api, "cached", traceparent=traceparent, tracestate="other=secret")
    assert answer.is_fast
    [span] = whole(collector, "cached")
    assert (span.trace.hex(), span.parent.hex()) == (CALLERS_TRACE, CALLERS_SPAN)
    assert span.attributes["ava.from_memory"] is True
    assert b"other=secret" not in b"".join(collector.raw)


@pytest.mark.parametrize(
    "traceparent",
    ["", "00-abc", f"00-{'0' * 32}-{CALLERS_SPAN}-01", f"ff-{CALLERS_TRACE}-{CALLERS_SPAN}-01"],
)
def test_a_malformed_traceparent_begins_a_new_trace(
    api: APIClient, collector: Receiver, traceparent: str
) -> None:
    read(api, "hostile", traceparent=traceparent)
    *_, root = sorted(whole(collector, "hostile"), key=lambda span: span.kind == 2)
    assert root.parent == b""
    assert root.trace.hex() not in ("0" * 32, CALLERS_TRACE)


def test_what_a_caller_does_not_sample_is_not_traced(api: APIClient, collector: Receiver) -> None:
    read(api, "quiet", traceparent=f"00-{CALLERS_TRACE}-{CALLERS_SPAN}-00")
    read(api, "loud")
    whole(collector, "loud")
    assert "quiet" not in {span.attributes["ava.correlation_id"] for span in collector.spans}


def test_a_provider_gets_the_traceparent_of_its_attempt_and_nothing_else_of_the_trace(
    api: APIClient, collector: Receiver, sandbox: Sandbox
) -> None:
    sandbox.faults.add("vapi", "status", status=500, count=1)
    extra = {"tracestate": "other=secret", "baggage": "who=ada"}
    assert read(api, "out", **FRESH, **extra).status_code == 200
    whole(collector, "out")
    attempts = collector.named("vapi GET")
    assert [span.attributes["ava.attempt"] for span in attempts] == [1, 2]
    arrived = [seen.headers for seen in sandbox.requests("vapi")][-2:]
    sent = [headers["traceparent"].split("-")[1:3] for headers in arrived]
    assert sent == [[span.trace.hex(), span.id.hex()] for span in attempts]
    assert not any({"tracestate", "baggage"} & set(headers) for headers in arrived)


def test_an_outage_shows_attempts_the_breaker_opening_and_that_nobody_was_asked(
    api: APIClient, collector: Receiver, sandbox: Sandbox
) -> None:
    sandbox.faults.add("vapi", "status", status=500)
    for turn in range(3):
        assert read(api, f"failed-{turn}", **FRESH).status_code == 502
    assert read(api, "refused", **FRESH).status_code == 503

    root, cache, *attempts = whole(collector, "failed-2")
    assert root.failed
    assert root.attributes["error.type"] == "provider_unreachable"
    assert {span.attributes["error.type"] for span in attempts} == {"status 500"}
    [(event, about)] = cache.events
    assert (event, about["ava.breaker.to"]) == ("breaker changed", "open")

    root, cache, refusal = whole(collector, "refused")
    assert (root.attributes["ava.code"], refusal.name) == (
        "provider_unavailable",
        "Vapi not asked",
    )
    assert (cache.parent, refusal.parent, refusal.failed) == (root.id, cache.id, True)


def test_a_job_has_a_trace_of_its_own_that_links_to_the_request_which_asked_for_it(
    collector: Receiver, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(jobs.kinds, "greet", jobs.Kind("greet", lambda payload: None))
    with correlation.bind("asked"), tracing.span("request", {}):
        job = services.enqueue("greet", {})
    with tracing.span("whoever runs it", {}):
        services.run_one(job.pk)
    asked, ran = collector.await_span("request"), collector.await_span("job greet")
    assert (ran.parent, ran.links) == (b"", [(asked.trace, asked.id)])
    assert ran.trace not in (asked.trace, collector.await_span("whoever runs it").trace)
    assert ran.attributes["ava.correlation_id"] == "asked"
    assert ran.attributes["ava.job.outcome"] == "done"


def test_a_job_that_fails_ends_its_span_as_failed_without_what_the_exception_says(
    collector: Receiver, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(payload: Any) -> None:
        raise ValueError("the number +14155550123 has the key sk_live_0123456789")

    monkeypatch.setitem(jobs.kinds, "greet", jobs.Kind("greet", fail))
    services.run_one(services.enqueue("greet", {}).pk)
    span = collector.await_span("job greet")
    assert (span.failed, span.attributes["error.type"], span.events) == (True, "failed", [])
    assert not any(part in b"".join(collector.raw) for part in (b"4155550123", b"sk_live"))


def test_no_secret_address_or_number_is_in_a_span(api: APIClient, collector: Receiver) -> None:
    planted = "ava_planted0123456789"
    api.delete("/api/v1/twilio/opt-outs/+14155550123", headers={correlation.HEADER: "number"})
    api.delete("/api/v1/integrations/email/suppressions/grace@example.org")
    api.put("/api/v1/integrations/resend/credentials", {"api_key": f"re_{planted}"})
    read(api, "last", Authorization=f"Bearer {planted}")
    api.get(f"{SETTINGS}?token={planted}", headers={correlation.HEADER: "last"})
    span = collector.await_span("DELETE /api/v1/twilio/opt-outs/<str:number>")
    whole(collector, "last")
    raw = b"".join(collector.raw)
    assert span.attributes["url.path"] == "/api/v1/twilio/opt-outs/\N{HORIZONTAL ELLIPSIS}0123"
    for secret in ("4155550123", "grace@example.org", planted, "vapi-demo-key", "Bearer"):
        assert secret.encode() not in raw, secret


def test_probes_and_scrapes_leave_no_span(client: Client, collector: Receiver, db: None) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        client.get(path)
    client.get("/api/v1/nowhere")
    collector.await_span("GET")
    assert [span.attributes["url.path"] for span in collector.spans] == ["/api/v1/nowhere"]


def test_off_every_seam_is_empty_and_a_job_keeps_no_traceparent(
    db: None, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    assert not any("traced" in name for name in settings.MIDDLEWARE)
    assert {getattr(module, name).__module__ for module, name in SEAMS} == {
        "contextlib",
        "builtins",
    }
    monkeypatch.setitem(jobs.kinds, "greet", jobs.Kind("greet", lambda payload: None))
    assert Job.objects.get(pk=services.enqueue("greet", {}).pk).traceparent == ""
