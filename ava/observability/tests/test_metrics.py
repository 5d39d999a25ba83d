from collections.abc import Iterable, Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver


def samples(client: Client) -> list[str]:
    text = client.get("/metrics").content.decode()
    return [line for line in text.splitlines() if not line.startswith("#")]


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


def test_made_up_methods_and_paths_add_no_series(client: Client) -> None:
    client.get("/nowhere")
    client.generic("BREW", "/healthz")
    before = len(samples(client))
    for number in range(20):
        client.generic(f"BREW{number}", "/healthz")
        client.get(f"/nowhere/{number}")
    assert len(samples(client)) == before


def test_a_view_that_raises_is_counted_once(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.raise_request_exception = False
    monkeypatch.setattr("django.views.generic.TemplateView.get", lambda *a, **k: 1 / 0)
    name = 'django_http_requests_latency_seconds_by_view_method_count{method="GET",view="home"}'

    def count() -> float:
        found = [line for line in samples(client) if line.startswith(name)]
        return float(found[0].split()[-1]) if found else 0.0

    before = count()
    client.get("/")
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
