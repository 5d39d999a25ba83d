"""Under which addresses a provider may have signed, straight or behind proxies."""

from typing import Any

import pytest
from django.test import RequestFactory

from ava.inbound.door import addresses_of

PUBLIC = "https://ava.example.com"


def tried(
    *, host: str = "10.0.0.5:8000", path: str = "/hook?b=2&a=%2B1", **headers: str
) -> list[str]:
    request = RequestFactory().post(path, headers={"Host": host, **headers})
    return list(addresses_of(request))


@pytest.mark.parametrize(
    ("public", "expected"),
    [
        (PUBLIC, [PUBLIC, f"{PUBLIC}:443"]),
        ("https://ava.example.com:8443", ["https://ava.example.com:8443", PUBLIC]),
        ("http://[2001:db8::1]", ["http://[2001:db8::1]", "http://[2001:db8::1]:80"]),
        ("https://example.com/ava", ["https://example.com/ava", "https://example.com:443/ava"]),
    ],
)
def test_the_public_address_is_tried_with_and_without_its_port(
    settings: Any, public: str, expected: list[str]
) -> None:
    settings.PUBLIC_URL = public
    assert tried() == [f"{url}/hook?b=2&a=%2B1" for url in expected]


@pytest.mark.parametrize("proxies", [0, 1, 2])
def test_with_a_public_address_no_header_changes_it(settings: Any, proxies: int) -> None:
    settings.PUBLIC_URL, settings.TRUSTED_PROXIES = PUBLIC, proxies
    spoken = {
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Port": "1",
    }
    assert tried(**spoken) == [f"{PUBLIC}/hook?b=2&a=%2B1", f"{PUBLIC}:443/hook?b=2&a=%2B1"]


def test_without_one_the_request_tells_it_itself(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    assert tried(path="/hook") == ["http://10.0.0.5:8000/hook", "http://10.0.0.5/hook"]


def test_what_proxies_say_is_believed_only_of_trusted_ones(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    spoken = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "ava.example.com"}
    assert tried(path="/hook", **spoken)[0] == "http://10.0.0.5:8000/hook"
    settings.TRUSTED_PROXIES = 1
    assert tried(path="/hook", **spoken)[0] == f"{PUBLIC}/hook"


@pytest.mark.parametrize(
    ("proto", "host"),
    [
        ("https", "ava.example.com"),
        ("https, http", "ava.example.com, inner.internal:8080"),
        # What the client wrote itself stands before what the two proxies added.
        ("http, https, http", "evil.example, ava.example.com, inner.internal:8080"),
    ],
)
def test_behind_two_proxies_the_outer_one_says_what_the_provider_called(
    settings: Any, proto: str, host: str
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.TRUSTED_PROXIES = 2
    spoken = {"X-Forwarded-Proto": proto, "X-Forwarded-Host": host}
    assert tried(path="/hook", **spoken) == [f"{PUBLIC}/hook", f"{PUBLIC}:443/hook"]


def test_a_port_that_the_proxy_tells_is_taken(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.TRUSTED_PROXIES = 1
    spoken = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "ava.example.com",
        "X-Forwarded-Port": "8443",
    }
    assert tried(path="/hook", **spoken) == [f"{PUBLIC}:8443/hook", f"{PUBLIC}/hook"]


def test_a_scheme_that_is_none_is_not_believed(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.TRUSTED_PROXIES = 1
    assert tried(path="/hook", **{"X-Forwarded-Proto": "gopher"})[0].startswith("http://")


@pytest.mark.parametrize("host", ["[", "[::1", "[::::]", "http://a", "a/b?c", ":", "a\tb"])
def test_a_host_that_is_none_is_not_believed(settings: Any, host: str) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.TRUSTED_PROXIES = 1
    said = {"X-Forwarded-Host": host, "X-Forwarded-Port": host}
    assert tried(path="/hook", **said)[0] == "http://10.0.0.5:8000/hook"


def test_a_host_in_brackets_is_one(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.TRUSTED_PROXIES = 1
    said = {"X-Forwarded-Host": "[2001:db8::1]:8443"}
    assert tried(path="/hook", **said)[0] == "http://[2001:db8::1]:8443/hook"
