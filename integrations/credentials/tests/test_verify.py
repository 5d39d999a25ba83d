"""Asking a provider about stored credentials, over REST."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from ava.http.problems import Problem
from integrations.credentials import verification
from integrations.credentials.tests.conftest import SMTP, VAPI_KEY


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


def test_verify_passes_the_providers_refusal_on(
    api: APIClient, address: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refused(Problem):
        status, code = 401, "provider_auth_failed"

    def refuse(credentials: Any) -> str:
        raise Refused("Invalid Vapi API key. Please update your credentials in Settings.")

    monkeypatch.setattr(verification, "_verifiers", {"vapi": refuse})
    api.put(address("vapi"), {"api_key": VAPI_KEY})
    answer = api.post(address("vapi", "/verify"))
    assert (answer.status_code, answer.json()["code"]) == (401, "provider_auth_failed")


def test_verify_tells_a_good_vapi_key_from_a_wrong_one(
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


def test_verify_of_a_provider_ava_cannot_ask_is_a_conflict(
    api: APIClient, address: Any, asked: list[Any]
) -> None:
    api.put(address("smtp"), SMTP)
    answer = api.post(address("smtp", "/verify"))
    assert (answer.status_code, answer.json()["code"]) == (409, "verification_unavailable")
