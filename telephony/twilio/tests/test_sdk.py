"""Twilio's SDK clients, kept by the version of credentials."""

from typing import Any

from django.utils import timezone
from prometheus_client import REGISTRY

from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from sandbox.twilio.seed import API_KEY_SECRET, API_KEY_SID
from telephony.twilio import sdk
from telephony.twilio.client import TwilioClient


def lookups(result: str) -> float:
    return REGISTRY.get_sample_value("ava_twilio_clients_total", {"result": result}) or 0.0


def client(version: str, **more: Any) -> TwilioClient:
    fields = {"account_sid": ACCOUNT_SID, "username": ACCOUNT_SID, "password": AUTH_TOKEN}
    return TwilioClient(**{**fields, **more}, version=version)


def test_one_client_serves_as_long_as_the_credentials_do(sandbox: Sandbox) -> None:
    hits, misses = lookups("hit"), lookups("miss")
    for version in ("one", "one", "two", "one"):
        client(version).account()
    assert (lookups("hit") - hits, lookups("miss") - misses) == (2, 2)


def test_at_most_128_are_kept_and_the_longest_unused_goes(sandbox: Sandbox) -> None:
    for number in range(128):
        sdk.client(account_sid="AC", username="u", password="p", version=str(number))
    sdk.client(account_sid="AC", username="u", password="p", version="0")
    sdk.client(account_sid="AC", username="u", password="p", version="new")
    assert len(sdk._kept) == 128
    misses = lookups("miss")
    sdk.client(account_sid="AC", username="u", password="p", version="0")
    assert lookups("miss") == misses
    sdk.client(account_sid="AC", username="u", password="p", version="1")
    assert lookups("miss") == misses + 1


def test_an_api_key_speaks_for_the_account(sandbox: Sandbox) -> None:
    keyed = client("keyed", username=API_KEY_SID, password=API_KEY_SECRET)
    assert len(keyed.numbers()) == 2
    assert keyed.calls(to="+14155550123", from_number="+15005550006", since=timezone.now()) == []
