"""The address that providers are given."""

from typing import Any

import pytest
from django.test import Client

from ava.conf import addresses, env
from integrations.tests.process import manage


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, None),
        ({"AVA_SANDBOX": "1"}, "http://127.0.0.1:8000"),
        ({"AVA_SANDBOX": "1", "AVA_HOST": "0.0.0.0", "AVA_PORT": "9"}, "http://127.0.0.1:9"),
        ({"AVA_SANDBOX": "1", "AVA_HOST": "::"}, "http://[::1]:8000"),
        # The sandbox calls nothing beyond this machine.
        ({"AVA_SANDBOX": "1", "AVA_HOST": "192.0.2.1"}, None),
        ({"AVA_SANDBOX": "1", "AVA_ENV": "production"}, None),
        ({"AVA_SANDBOX": "1", "AVA_PUBLIC_URL": "https://a.example/"}, "https://a.example"),
        ({"AVA_PUBLIC_URL": "https://a.example"}, "https://a.example"),
    ],
)
def test_played_providers_reach_ava_without_a_word_and_real_ones_only_at_a_public_address(
    given: dict[str, str], expected: str | None
) -> None:
    assert addresses.public_url(env.read(given)) == expected


@pytest.mark.parametrize(
    ("variables", "host", "status"),
    [
        ({"AVA_HOST": "fd00::1"}, "[fd00::1]:8000", 200),
        ({"AVA_HOST": "[fd00::1]"}, "[fd00::1]:8000", 200),
        ({"AVA_HOST": "FD00:0:0::1"}, "[fd00::1]:8000", 200),
        ({"AVA_PUBLIC_URL": "http://[FD00:0::2]"}, "[fd00::2]", 200),
        ({"AVA_HOST": "fd00::1"}, "[fd00::3]:8000", 400),
        ({"AVA_HOST": "0.0.0.0"}, "192.0.2.7:8000", 400),
    ],
)
def test_ava_answers_to_the_hosts_that_its_settings_name(
    variables: dict[str, str], host: str, status: int, client: Client, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = addresses.allowed_hosts(env.read(variables))
    assert client.get("/login", headers={"host": host}).status_code == status


@pytest.mark.slow
def test_the_hosts_reach_the_settings_of_a_process() -> None:
    ask = "from django.conf import settings; print(settings.ALLOWED_HOSTS)"
    done = manage("shell", "--no-imports", "-c", ask, AVA_HOST="fd00::1")
    assert "'[fd00::1]'" in done.stdout, done.stderr


def test_a_form_of_a_page_at_an_ipv6_address_is_taken() -> None:
    assert addresses.origin("https://[FD00:0::1]/ava") == "https://[fd00::1]"
    assert addresses.origin("https://[fd00::1]:8443") == "https://[fd00::1]:8443"
    assert addresses.origin("https://Example.com:443/ava") == "https://example.com"


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_host_that_is_not_allowed_is_answered_with_the_settings_that_allow_it(
    accept: str, client: Client
) -> None:
    for address in ("/", "/api/v1/vapi/settings"):
        refused = client.get(address, headers={"host": "192.0.2.7:8000", "accept": accept})
        assert refused.status_code == 400
        text = refused.content.decode()
        assert "AVA_PUBLIC_URL" in text
        assert "ALLOWED_HOSTS" in text
        assert "192.0.2.7" not in text
