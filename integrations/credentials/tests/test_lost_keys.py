"""Credentials whose key is lost, or that were tampered with."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from integrations.credentials.models import Credential
from integrations.credentials.services import credentials_for
from integrations.credentials.tests.conftest import MASKED, TWILIO, VAPI_KEY

pytestmark = pytest.mark.usefixtures("unlimited")


def test_a_lost_key_is_shown_per_credential_and_the_rest_works(
    api: APIClient, address: Any, lose_the_key: Any, asked: list[Any]
) -> None:
    api.put(address("vapi"), {"api_key": VAPI_KEY, "default_assistant_id": "a1"})
    lose_the_key()
    api.put(address("twilio"), TWILIO)
    shown = api.get(address("vapi")).json()
    assert (shown["configured"], shown["readable"], shown["source"]) == (True, False, "user")
    assert (shown["api_key"], shown["default_assistant_id"]) == (None, "a1")
    assert api.get(address("twilio")).json()["readable"] is True
    refused = api.post(address("vapi", "/verify"))
    assert (refused.status_code, refused.json()["code"]) == (400, "credentials_unreadable")
    assert not asked


def test_credentials_with_a_lost_key_are_replaced_or_deleted_but_not_kept(
    api: APIClient, user: User, address: Any, lose_the_key: Any
) -> None:
    api.put(address("vapi"), {"api_key": VAPI_KEY})
    lose_the_key()
    kept = api.put(address("vapi"), {"api_key": MASKED})
    assert kept.status_code == 400
    assert "cannot be read" in kept.json()["errors"]["api_key"][0]
    assert api.put(address("vapi"), {"api_key": "another-key"}).json()["readable"] is True
    assert credentials_for(user=user, provider="vapi").fields == {"api_key": "another-key"}


def test_a_row_tampered_with_is_unreadable_not_believed(
    api: APIClient, user: User, address: Any
) -> None:
    api.put(address("vapi"), {"api_key": VAPI_KEY})
    api.put(address("twilio"), TWILIO)
    sealed = Credential.objects.get(provider="twilio").secrets
    Credential.objects.filter(provider="vapi").update(secrets=sealed)
    assert api.get(address("vapi")).json()["readable"] is False


def test_the_overview_believes_no_row_that_does_not_open(
    api: APIClient, user: User, address: Any
) -> None:
    api.put(address("vapi"), {"api_key": VAPI_KEY})
    api.put(address("twilio"), TWILIO)
    # Sealed with the present key, for another row.
    sealed = Credential.objects.get(provider="twilio").secrets
    Credential.objects.filter(provider="vapi").update(secrets=sealed)
    [vapi] = [
        one
        for one in api.get("/api/v1/integrations").json()["results"]
        if one["provider"] == "vapi"
    ]
    assert vapi["configured"] is False
    assert "cannot be read" in vapi["next_step"]
