"""The way out: proxies and own authorities of the environment, up to real sockets."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from ava import upstream
from ava.conf import env
from conftest import client_of
from integrations.credentials import services as credentials
from sandbox.server import Sandbox
from tests import certificates
from tests.proxies import Proxy, TLSFront

SETTINGS = "/api/v1/vapi/settings"
NUMBERS = "/api/v1/twilio/numbers"
FRESH = {"HTTP_CACHE_CONTROL": "no-cache"}
KEYS = {
    "vapi": {"api_key": "vapi-demo-key"},
    "twilio": {"account_sid": f"AC{'0' * 32}", "auth_token": "twilio-demo-token"},
}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> str:
    return certificates.make(tmp_path_factory.mktemp("tls"), "provider.test")


@pytest.fixture
def front(authority: str, sandbox: Sandbox) -> Iterator[TLSFront]:
    """The sandbox behind TLS, as provider.test."""
    with TLSFront(authority, int(sandbox.url.rpartition(":")[2])) as front:
        yield front


@pytest.fixture
def egress(
    front: TLSFront, authority: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """Sets the environment of AVA anew; providers are at https://provider.test."""
    settings.VAPI_BASE_URL = "https://provider.test/vapi"
    settings.TWILIO_BASE_URL = "https://provider.test/twilio"

    def set_to(**variables: str) -> None:
        for name in ("NO_PROXY", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.lower(), raising=False)
        for name, value in {"REQUESTS_CA_BUNDLE": authority, **variables}.items():
            monkeypatch.setenv(name, value)
        upstream.forget()
        for label in KEYS:
            door = upstream.door(label)
            monkeypatch.setattr(door, "policy", replace(door.policy, attempts=1))

    yield set_to
    monkeypatch.undo()
    upstream.forget()


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Any:
    """What the log says so far."""
    return lambda: "\n".join(str(record.msg) for record in caplog.records)


@pytest.fixture
def api(user: User) -> APIClient:
    for provider, values in KEYS.items():
        credentials.save(user=user, provider=provider, values=values, actor=user, source="api")
    return client_of(user)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_vapi_and_twilio_are_asked_over_the_proxy_on_kept_connections(
    front: TLSFront, egress: Any, api: APIClient, name: str
) -> None:
    with Proxy(front.port, login="ava:s3cret") as proxy:
        egress(**{name: proxy.url})
        for _ in range(3):
            assert api.get(SETTINGS, **FRESH).status_code == 200
            assert api.get(NUMBERS, **FRESH).status_code == 200
        # The versions of Python differ in that of HTTP.
        asked = [line.rpartition(" ")[0] for line in proxy.asked]
        assert asked == ["CONNECT provider.test:443"] * 2


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_an_own_authority_is_trusted(
    front: TLSFront, egress: Any, api: APIClient, authority: str, name: str
) -> None:
    with Proxy(front.port) as proxy:
        egress(HTTPS_PROXY=proxy.url, **{"REQUESTS_CA_BUNDLE": "", name: authority})
        assert api.get(SETTINGS, **FRESH).status_code == 200


@pytest.mark.parametrize(
    ("proxy", "cause"),
    [
        ({"refusal": 403}, "the proxy of HTTPS_PROXY refused (403)"),
        ({"refusal": 407}, "the proxy of HTTPS_PROXY refused (407)"),
        ({"refusal": 0}, "deadline, over the proxy of HTTPS_PROXY"),
        (None, "the proxy of HTTPS_PROXY could not be reached"),
    ],
)
def test_a_proxy_in_the_way_is_connection_trouble_and_the_log_names_the_setting(
    egress: Any,
    api: APIClient,
    proxy: dict[str, Any] | None,
    cause: str,
    logged: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Proxy(9, **(proxy or {})) as found:
        port = found.port if proxy else 9
        egress(HTTPS_PROXY=f"http://ava:s3cret@127.0.0.1:{port}")
        door = upstream.door("vapi")
        short = 1 if cause.startswith("deadline") else 20
        monkeypatch.setattr(door, "policy", replace(door.policy, attempts=1, deadline=short))
        answer = api.get(SETTINGS, **FRESH)
    assert answer.status_code == 502
    assert answer.json()["detail"] == "Connection to Vapi failed. Please try again later."
    assert upstream.door("vapi").snapshot().failures == 1
    assert cause in logged()
    assert "s3cret" not in logged()


def test_a_certificate_of_an_unknown_authority_is_refused_and_the_log_names_the_setting(
    front: TLSFront, egress: Any, api: APIClient, logged: Any
) -> None:
    with Proxy(front.port) as proxy:
        egress(HTTPS_PROXY=proxy.url, REQUESTS_CA_BUNDLE="")
        assert api.get(SETTINGS, **FRESH).status_code == 502
    assert "see REQUESTS_CA_BUNDLE" in logged()
    assert upstream.door("vapi").snapshot().failures == 1


@pytest.mark.parametrize("exempt", ["provider.test", ".test", "other, provider.test:443", "*"])
def test_no_proxy_is_asked_for_a_host_that_is_exempt(
    egress: Any, api: APIClient, exempt: str
) -> None:
    with Proxy(9) as proxy:
        egress(HTTPS_PROXY=proxy.url, NO_PROXY=exempt)
        # There is no such name.
        assert api.get(SETTINGS, **FRESH).status_code == 502
        assert proxy.asked == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_no_proxy_is_asked_for_this_machine(
    egress: Any, api: APIClient, sandbox: Sandbox, settings: Any, host: str
) -> None:
    settings.VAPI_BASE_URL = f"{sandbox.url}/vapi".replace("127.0.0.1", host)
    with Proxy(9) as proxy:
        egress(HTTP_PROXY=proxy.url, http_proxy=proxy.url, ALL_PROXY=proxy.url)
        assert api.get(SETTINGS, **FRESH).status_code == 200
        assert proxy.asked == []


@pytest.mark.parametrize(
    "proxy",
    [
        "socks5://me:s3cret@127.0.0.1:1080",
        "https://me:s3cret@proxy:3128",
        "http://:x",
        "http://p:0",
    ],
)
def test_a_proxy_that_cannot_be_used_stops_the_start(proxy: str) -> None:
    with pytest.raises(env.EnvironmentInvalid, match="HTTPS_PROXY must be a proxy such as") as said:
        env.read({"HTTPS_PROXY": proxy})
    assert "s3cret" not in str(said.value)


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_authorities_that_cannot_be_read_stop_the_start(name: str, tmp_path: Path) -> None:
    with pytest.raises(env.EnvironmentInvalid, match=f"{name} is .*no such file"):
        env.read({name: str(tmp_path / "none.pem")})
    (tmp_path / "text.pem").write_text("no certificate")
    with pytest.raises(env.EnvironmentInvalid, match=f"{name} is .*no certificate in it"):
        env.read({name: str(tmp_path / "text.pem")})


def test_usual_proxies_and_authorities_are_taken(authority: str, tmp_path: Path) -> None:
    for proxy in ("proxy:3128", "http://u:p%40ss@proxy.example.com:3128/", "http://[::1]:3128"):
        env.read(
            {"HTTPS_PROXY": proxy, "SSL_CERT_FILE": authority, "CURL_CA_BUNDLE": str(tmp_path)}
        )
