import time
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from tests.redis import RedisServer

pytestmark = pytest.mark.database


def test_liveness_touches_no_dependency(client: Client) -> None:
    # Without the `db` mark, any query fails this test.
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_liveness_asks_no_redis(client: Client, settings: Any) -> None:
    with RedisServer() as redis:
        settings.REDIS_URL = redis.url
        assert client.get("/healthz").status_code == 200
        assert "cmdstat_evalsha" not in redis.client.info("commandstats")


def test_readiness_names_what_was_checked(client: Client, db: None) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["checks"] == {"database": "ok", "migrations": "ok", "cache": "ok"}


def test_readiness_fails_by_name_without_a_database(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise DatabaseError("password authentication failed for user ava")

    with monkeypatch.context() as broken:
        broken.setattr(connection, "cursor", refuse)
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "failed"
    assert b"password" not in answer.content


@pytest.mark.parametrize("how", ["stop", "freeze"])
def test_a_lost_redis_is_shown_and_keeps_nothing_from_being_ready(
    client: Client, db: None, settings: Any, how: str
) -> None:
    with RedisServer() as redis:
        settings.REDIS_URL = redis.url
        give_up = time.monotonic() + 20
        # A busy machine may take it for lost at first.
        while client.get("/readyz").json()["checks"]["cache"] != "ok":
            assert time.monotonic() < give_up
            time.sleep(0.05)
        getattr(redis, how)()
        answer = client.get("/readyz")
        assert answer.status_code == 200
        assert answer.json()["status"] == "ready"
        assert answer.json()["checks"] == {
            "database": "ok",
            "migrations": "ok",
            "cache": "degraded",
        }


def test_readiness_shows_breakers_and_ignores_them(client: Client, db: None) -> None:
    breakers = client.get("/readyz").json()["breakers"]
    assert set(breakers) == {"vapi", "twilio", "resend", "smtp", "google", "microsoft"}


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_are_never_cached(client: Client, db: None, path: str) -> None:
    assert "no-store" in client.get(path)["Cache-Control"]


def test_a_probe_may_name_any_host(client: Client, db: None) -> None:
    for path in ("/healthz", "/readyz"):
        assert client.get(path, headers={"Host": "10.0.0.7:8000"}).status_code == 200
    refused = client.get("/", headers={"Host": "10.0.0.7:8000"})
    assert refused.status_code == 400


def test_probes_are_limited_generously(client: Client) -> None:
    first = client.get("/healthz")
    assert first["X-RateLimit-Limit"] == "1200"
    for _ in range(1199):
        client.get("/healthz")
    refused = client.get("/healthz")
    assert refused.status_code == 429
    assert refused.json()["code"] == "rate_limited"
