"""CORS: what pages of other origins may read, and what they never may."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import get_resolver
from rest_framework.test import APIClient

from ava.http import cors
from ava.inbound.door import view
from telephony.webhooks import SOURCES
from tests.walls.routes import routes

PAGE = "https://app.example.com"
ALLOW = "Access-Control-Allow-Origin"
EXPOSE = "Access-Control-Expose-Headers"
ME = "/api/v1/auth/me"
PREFLIGHT = {
    "HTTP_ORIGIN": PAGE,
    "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT",
    "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "authorization,if-match",
}
# What docs/INTEGRATIONS.md names.
SENT = (
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Correlation-ID, "
    "Cache-Control, traceparent"
)
READ = (
    "Age, Allow, Cache-Control, ETag, Idempotency-Replayed, RateLimit, RateLimit-Policy, "
    "Retry-After, WWW-Authenticate, X-Correlation-ID, X-RateLimit-Limit, X-RateLimit-Remaining, "
    "X-RateLimit-Reset"
)


@pytest.fixture(autouse=True)
def origins(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [PAGE, "http://localhost:5173"]


def allowed(answer: Any) -> dict[str, str]:
    """The headers of CORS, but for Vary."""
    named = answer.headers.items()
    return {name: value for name, value in named if name.lower().startswith("access-control")}


def test_a_preflight_is_answered_without_login(client: Client) -> None:
    answer = client.options("/api/v1/vapi/settings/temperature", **PREFLIGHT)
    assert (answer.status_code, answer[ALLOW]) == (200, PAGE)
    assert answer["Access-Control-Allow-Headers"] == SENT
    assert answer["Access-Control-Allow-Methods"] == "GET, HEAD, POST, PUT, PATCH, DELETE"
    assert "X-Correlation-ID" in answer
    assert "Access-Control-Allow-Credentials" not in answer


def test_preflights_are_not_counted(client: Client, settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 2
    statuses = [client.options(ME, **PREFLIGHT).status_code for _ in range(10)]
    assert statuses == [200] * 10
    assert client.get(ME, HTTP_ORIGIN=PAGE).status_code == 401


def test_another_origin_is_allowed_nothing(api: APIClient) -> None:
    others = ("https://evil.example", f"{PAGE}.evil.example", "http://app.example.com", "null")
    for origin in (*others, PAGE.upper(), "https://[", "app.example.com"):
        for answer in (api.get(ME, HTTP_ORIGIN=origin), api.options(ME, HTTP_ORIGIN=origin)):
            assert ALLOW not in answer
            assert "Origin" in answer["Vary"].title()


@pytest.mark.parametrize(
    ("method", "path", "more", "status"),
    [
        ("get", ME, {}, 200),
        ("post", "/api/v1/auth/refresh", {"data": {"refresh_token": "nonsense"}}, 401),
        ("get", "/api/v1/nowhere", {}, 404),
        ("get", "/api/v1/twilio/calls/00000000-0000-4000-8000-000000000000", {}, 404),
        ("delete", ME, {}, 405),
        ("get", f"{ME}?format=xml", {}, 404),
        ("post", "/api/v1/auth/login", {"content_type": "text/csv", "data": "a,b"}, 415),
        ("post", "/api/v1/auth/login", {"data": {"identifier": "x" * 20_000}}, 413),
    ],
)
def test_every_answer_of_the_api_can_be_read(
    api: APIClient, method: str, path: str, more: dict[str, Any], status: int
) -> None:
    answer = getattr(api, method)(path, HTTP_ORIGIN=PAGE, **more)
    assert (answer.status_code, answer[ALLOW], answer[EXPOSE]) == (status, PAGE, READ)
    assert "origin" in answer["Vary"].lower()


def test_a_429_can_be_read(api: APIClient, settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1
    answers = [api.get(ME, HTTP_ORIGIN=PAGE) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1][ALLOW] == PAGE


def test_an_answer_to_a_fault_of_the_database_can_be_read(api: APIClient) -> None:
    api.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE telephony_batch RENAME TO telephony_batch_gone")
    answer = api.get("/api/v1/twilio/messages/bulk", HTTP_ORIGIN=PAGE)
    assert (answer.status_code, answer[ALLOW]) == (503, PAGE)


def test_only_the_api_and_no_webhook_is_for_other_origins(client: Client) -> None:
    client.raise_request_exception = False
    door = view(SOURCES[0]).__qualname__
    for path, route in routes(get_resolver()):
        is_webhook = route.callback.__qualname__ == door
        assert is_webhook == path.startswith("api/v1/webhooks/")
        answer = client.options(f"/{path}", **PREFLIGHT)
        assert (ALLOW in answer) == (path.startswith("api/v1/") and not is_webhook), path


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/webhooks/vapi",
        "/api/v1/%77ebhooks/vapi",
        "//api/v1/webhooks/vapi",
        "/api/v1/webhooks/nowhere",
        "/admin/login/",
        "/",
        "/nowhere",
        "/healthz",
        "/metrics",
        "/api/schema",
    ],
)
def test_nothing_else_is_for_other_origins(client: Client, db: None, path: str) -> None:
    for answer in (client.get(path, HTTP_ORIGIN=PAGE), client.options(path, **PREFLIGHT)):
        assert not [name for name in answer.headers if name.startswith("Access-Control")]


def test_without_origins_nothing_is_said(api: APIClient, settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = []
    answer = api.get(ME, HTTP_ORIGIN=PAGE)
    assert answer.status_code == 200
    assert ALLOW not in answer
    assert "origin" not in answer.get("Vary", "").lower()
    assert api.options(ME, **PREFLIGHT).status_code == 405
    assert cors.headers_of(ME, PAGE) == {}


def test_answers_beside_the_middlewares_say_the_same(api: APIClient) -> None:
    for path in (ME, "/api/v1/webhooks/vapi", "/healthz"):
        for origin in (PAGE, "https://evil.example", None):
            given = {} if origin is None else {"HTTP_ORIGIN": origin}
            answer = api.get(path, **given)
            said = allowed(answer)
            beside = dict(cors.headers_of(path, origin))
            vary = beside.pop("Vary", "")
            assert said == beside
            assert vary.lower() == ("origin" if path == ME else "")
