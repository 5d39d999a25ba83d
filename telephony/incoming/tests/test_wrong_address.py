"""An address that is not the signed one is found out, behind one proxy and two."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ava.inbound.models import Refusal
from telephony.incoming.tests.proxies import PATH, PUBLIC, Webhook, refused

pytestmark = pytest.mark.usefixtures("twilio_user")


def test_as_it_should_be_it_passes(proxies: int) -> None:
    assert Webhook().send(proxies).status_code == 200


@pytest.mark.parametrize(
    ("set_to", "signed_for"),
    [
        ("http://ava.example.com", "https://ava.example.com"),
        ("https://ava.example.com", "http://ava.example.com"),
        ("https://ava.example.com", "https://ava.example.com:8443"),
        ("https://ava.example.com:9000", "http://ava.example.com:80"),
        ("https://old.example.com", "https://ava.example.com"),
        ("https://ava.example.com/ava", "https://ava.example.com"),
        ("https://old.example.com/ava", "http://ava.example.com:8081"),
    ],
)
def test_another_address_is_found_and_named(
    proxies: int, settings: Any, set_to: str, signed_for: str
) -> None:
    settings.PUBLIC_URL = set_to
    said = refused(Webhook(signed_for).send(proxies))
    assert (
        f"The signature fits {signed_for}{PATH}: AVA_PUBLIC_URL should be {signed_for}, or Twilio "
        f"be given an address that begins with {set_to}."
    ) in said
    assert f"Fits: {signed_for}{PATH}\n" in said
    assert "If the address is right" not in said


def test_the_host_that_only_the_proxys_own_header_names_is_found(
    proxies: int, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://old.example.com"
    said = refused(Webhook().send(proxies, {"Host": "ava.example.com", "X-Forwarded-Host": ""}))
    assert f"AVA_PUBLIC_URL should be {PUBLIC}," in said


def test_a_port_that_only_the_proxy_tells_is_found(proxies: int) -> None:
    headers = {"X-Forwarded-Host": "ava.example.com", "X-Forwarded-Port": "7443"}
    said = refused(Webhook(f"{PUBLIC}:7443").send(proxies, headers))
    assert f"AVA_PUBLIC_URL should be {PUBLIC}:7443," in said


def test_a_customary_port_that_nobody_tells_is_found(proxies: int) -> None:
    said = refused(Webhook(f"{PUBLIC}:8443").send(proxies, {"X-Forwarded-Host": "ava.example.com"}))
    assert f"AVA_PUBLIC_URL should be {PUBLIC}:8443," in said


def test_a_prefix_that_the_proxy_takes_off_is_found(proxies: int) -> None:
    said = refused(Webhook(f"{PUBLIC}/voice").send(proxies, {"X-Forwarded-Prefix": "/voice/"}))
    assert f"AVA_PUBLIC_URL should be {PUBLIC}/voice," in said
    assert "The request said X-Forwarded-Prefix: /voice/" in said


def test_what_proxies_say_that_are_not_trusted_is_found(proxies: int, settings: Any) -> None:
    settings.PUBLIC_URL, settings.TRUSTED_PROXIES = None, 0
    said = refused(Webhook().send(proxies))
    assert f"AVA_PUBLIC_URL should be {PUBLIC}, or" in said
    assert "AVA_PUBLIC_URL: not set" in said
    assert "AVA_TRUSTED_PROXIES: 0" in said


def test_one_proxy_more_than_is_trusted_is_found(proxies: int, settings: Any) -> None:
    settings.PUBLIC_URL = None
    said = refused(Webhook().send(proxies + 1))
    assert f"AVA_PUBLIC_URL should be {PUBLIC}, or" in said


@pytest.mark.parametrize(
    ("sent", "arrives", "found"),
    [
        (PATH, f"{PATH}?utm=1", "without its query: a proxy added that"),
        (f"{PATH}?a=b c", f"{PATH}?a=b%20c", "with its query unescaped"),
    ],
)
def test_a_query_that_was_changed_is_found(
    proxies: int, sent: str, arrives: str, found: str
) -> None:
    said = refused(Webhook(sent=sent, arrives=arrives).send(proxies))
    assert f"The signature fits the address {found}" in said


def test_a_slash_that_was_taken_off_is_found(proxies: int) -> None:
    said = refused(Webhook(sent=f"{PATH}/", arrives=PATH).send(proxies))
    assert "with a slash behind its path: a proxy took it off" in said


def test_the_admin_says_it_too(proxies: int, operator: User, settings: Any) -> None:
    refused(Webhook(f"{PUBLIC}:8443").send(proxies))
    settings.PUBLIC_URL = "http://testserver"
    page = Client()
    page.force_login(operator)
    shown = page.get("/admin/inbound/refusal/").content.decode()
    assert f"AVA_PUBLIC_URL should be {PUBLIC}:8443," in shown
    refusal = Refusal.objects.get()
    shown = page.get(f"/admin/inbound/refusal/{refusal.pk}/change/").content.decode()
    assert f"Fits: {PUBLIC}:8443{PATH}" in shown
