import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient


def samples(client: Client) -> list[str]:
    text = client.get("/metrics").content.decode()
    return [line for line in text.splitlines() if not line.startswith("#")]


def samples_without_values(client: Client) -> set[str]:
    return {line.rpartition(" ")[0] for line in samples(client)}


def test_this_machine_may_read_without_a_token(client: Client) -> None:
    assert client.get("/metrics").status_code == 200


@pytest.mark.parametrize("address", ["203.0.113.9", "10.0.0.7", "2001:db8::1", ""])
def test_the_public_may_not_read(client: Client, address: str) -> None:
    assert client.get("/metrics", REMOTE_ADDR=address).status_code == 404


def test_a_local_proxy_that_nobody_declared_does_not_open_the_metrics(client: Client) -> None:
    answer = client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
    assert answer.status_code == 404


def test_with_a_token_only_the_token_counts(client: Client, settings) -> None:  # type: ignore[no-untyped-def]  # pytest-django's fixture
    settings.METRICS_TOKEN = "scrape-me"
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    right = client.get(
        "/metrics", headers={"Authorization": "Bearer scrape-me"}, REMOTE_ADDR="203.0.113.9"
    )
    assert right.status_code == 200


def throw(client: Client, made_up: str) -> None:
    """Requests with this in every place that a label might be made of."""
    client.generic(made_up.upper(), "/healthz")
    for path in (f"/{made_up}", f"/api/v1/{made_up}", f"/api/v1/vapi/settings/{made_up}"):
        client.get(path)
        client.get(path, headers={"Host": f"{made_up}.example"})
    client.get(f"/healthz?{made_up}={made_up}", headers={"X-Correlation-ID": made_up})
    client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {made_up}"})
    client.get("/api/v1/auth/me", headers={"User-Agent": made_up, "Accept": f"text/{made_up}"})
    client.post("/api/v1/auth/login", {"identifier": f"{made_up}@example.com", "password": made_up})
    client.post(f"/api/v1/webhooks/twilio/voice?account={made_up}", {"CallSid": made_up})
    client.post("/api/v1/webhooks/vapi", {"message": {"type": made_up}})
    client.post("/api/v1/auth/login", made_up, content_type=f"text/{made_up}")


def test_what_strangers_make_up_adds_no_series(client: Client, db: None, settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1_000_000
    throw(client, "oddest")
    samples_without_values(client)  # a scrape is a request, too
    before = samples_without_values(client)
    for number in range(20):
        throw(client, f"odd{number}")
    assert samples_without_values(client) == before
    assert not [line for line in before if "odd" in line]


def test_series_do_not_grow_with_users(client: Client, db: None, settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1_000_000

    def enters(name: str) -> None:
        User.objects.create_user(name, f"{name}@example.com", "correct horse")
        body = {"identifier": name, "password": "correct horse"}
        token = client.post("/api/v1/auth/login", body, "application/json").json()["access_token"]
        own = {"Authorization": f"Bearer {token}"}
        for path in ("auth/me", "vapi/settings", "twilio/calls", "integrations"):
            client.get(f"/api/v1/{path}", headers=own)

    enters("ada")
    before = samples_without_values(client)
    for number in range(5):
        enters(f"user{number}")
    assert samples_without_values(client) == before


def value(client: Client, series: str) -> float:
    found = [line for line in samples(client) if line.startswith(f"{series} ")]
    return float(found[0].split()[-1]) if found else 0.0


def test_errors_are_counted_by_code_and_by_whose_doing_they_are(
    client: Client, api: APIClient, settings: Any
) -> None:
    refused = 'ava_error_responses_total{cause="client",code="not_found",status="404"}'
    failed = 'ava_error_responses_total{cause="provider",code="provider_unreachable",status="502"}'
    own = 'ava_error_responses_total{cause="ava",code="internal_error",status="500"}'
    before = [value(client, series) for series in (refused, failed, own)]
    client.get("/api/v1/nowhere")
    client.get("/nowhere", headers={"Accept": "text/html"})
    settings.VAPI_BASE_URL = "http://127.0.0.1:9/vapi"  # nothing listens there
    api.put("/api/v1/integrations/vapi/credentials", {"api_key": "a-key-of-vapi"})
    assert api.get("/api/v1/vapi/assistants").status_code == 502
    after = [value(client, series) for series in (refused, failed, own)]
    assert [b - a for a, b in zip(before, after, strict=True)] == [2, 1, 0]


def test_statements_are_timed(client: Client, db: None) -> None:
    series = "ava_database_statement_duration_seconds_count"
    before = value(client, series)
    User.objects.exists()
    assert value(client, series) > before


def test_refusals_of_every_group_stand_at_0_from_the_start(client: Client) -> None:
    client.get("/healthz")
    for group in ("vapi", "twilio", "integrations", "auth", "email_test", "webhooks"):
        series = f'ava_rate_limit_refusals_total{{group="{group}",policy="client"}}'
        assert any(line.startswith(series) for line in samples(client)), group


def test_latency_is_counted_from_a_millisecond_to_ten_seconds(client: Client) -> None:
    client.get("/healthz")
    name = "django_http_requests_latency_seconds_by_view_method_bucket"
    edges = {
        float(edge)
        for line in samples(client)
        if line.startswith(name)
        for edge in re.findall(r'le="([^"]+)"', line)
    }
    assert {0.001, 0.2, 0.5, 1.0, 10.0, math.inf} <= edges
    assert (min(edges), max(edges - {math.inf})) == (0.001, 10.0)


def test_a_view_that_raises_is_counted_once(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.raise_request_exception = False
    monkeypatch.setattr("django.views.generic.RedirectView.get", lambda *a, **k: 1 / 0)
    name = 'django_http_requests_latency_seconds_by_view_method_count{method="GET",view="admin"}'

    def count() -> float:
        found = [line for line in samples(client) if line.startswith(name)]
        return float(found[0].split()[-1]) if found else 0.0

    before = count()
    client.get("/admin")
    assert count() == before + 1


def test_no_series_tells_when_another_began(client: Client) -> None:
    client.get("/healthz")
    assert [line for line in samples(client) if "_created" in line] == []


def names(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[tuple[str, str | None]]:
    """Each address but the admin's, with its name."""
    for one in patterns:
        if isinstance(one, URLPattern):
            yield str(one.pattern), one.name
        elif one.app_name != "admin":
            yield from names(one.url_patterns)


def test_every_address_has_a_name_that_stands_in_the_metrics(client: Client) -> None:
    nameless = [address for address, name in names(get_resolver().url_patterns) if not name]
    assert nameless == []
    client.get("/api/v1/integrations/telex/credentials")
    assert any('view="credentials"' in line for line in samples(client))
    assert not any('view="integrations.' in line for line in samples(client))


def test_no_label_holds_a_path_or_a_made_up_method(client: Client) -> None:
    client.get("/secret-path-77")
    client.generic("SPLENDID", "/healthz")
    text = "\n".join(samples(client))
    assert "secret-path-77" not in text
    assert "SPLENDID" not in text
