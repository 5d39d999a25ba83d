"""Asking a provider about stored credentials, over REST."""

from typing import Any

from rest_framework.test import APIClient

from integrations.credentials.tests.conftest import VAPI_KEY


def test_verify_asks_with_the_stored_credentials(
    api: APIClient, address: Any, asked: list[Any]
) -> None:
    api.put(address("vapi"), {"api_key": VAPI_KEY})
    answer = api.post(address("vapi", "/verify"))
    assert answer.status_code == 200
    assert answer.json() == {"provider": "vapi", "ok": True, "message": "Vapi accepted the key."}
    assert [each.fields["api_key"] for each in asked] == [VAPI_KEY]


def test_verify_without_credentials_says_where_to_add_them(
    api: APIClient, address: Any, asked: list[Any]
) -> None:
    answer = api.post(address("vapi", "/verify"))
    assert (answer.status_code, answer.json()["code"]) == (400, "credentials_missing")
    assert answer.json()["detail"] == "Vapi credentials not configured. Add them in Settings."
    assert not asked


def test_verify_accepts_a_good_vapi_key_and_refuses_a_wrong_one(
    api: APIClient, address: Any, sandbox: Any
) -> None:
    api.put(address("vapi"), {"api_key": "vapi-demo-key"})
    assert api.post(address("vapi", "/verify")).json()["ok"] is True
    api.put(address("vapi"), {"api_key": VAPI_KEY})
    answer = api.post(address("vapi", "/verify"))
    assert (answer.status_code, answer.json()["code"]) == (401, "provider_auth_failed")
    assert answer["WWW-Authenticate"] == 'Vapi realm="provider"'
    said = "Invalid Vapi API key. Please update your credentials in Settings."
    assert answer.json()["detail"] == said
