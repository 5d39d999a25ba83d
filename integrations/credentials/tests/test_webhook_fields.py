"""How a provider's webhooks are to be checked, as a user stores it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from integrations.credentials import hooks
from integrations.credentials.models import Credential
from integrations.credentials.tests.conftest import VAPI_KEY

HMAC = {
    "api_key": VAPI_KEY,
    "webhook_secret": "planted-hook-0004",
    "webhook_scheme": "hmac",
    "webhook_header": "X-Acme-Signature",
    "webhook_algorithm": "sha512",
    "webhook_encoding": "base64",
    "webhook_prefix": "sha512=",
    "webhook_payload": "v0:{timestamp}:{body}",
    "webhook_timestamp_header": "X-Acme-Time",
}


@pytest.fixture(autouse=True)
def unlimited(settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000
    settings.PUBLIC_URL = "https://ava.example"


def test_a_whole_scheme_is_stored_and_shown(api: APIClient, address: Any) -> None:
    shown = api.put(address("vapi"), HMAC).json()
    assert {**shown, **HMAC, "webhook_secret": shown["webhook_secret"]} == {
        **shown,
        "api_key": VAPI_KEY,
    }
    assert shown["webhook_secret"] == "••••••••0004"


def test_the_webhook_url_is_shown_and_can_be_sent_back(
    api: APIClient, user: User, address: Any
) -> None:
    shown = api.put(address("vapi"), HMAC).json()
    row = Credential.objects.get(user=user)
    assert shown["webhook_url"] == f"https://ava.example/api/v1/webhooks/vapi?account={row.pk}"
    assert api.put(address("vapi"), shown).status_code == 200


def test_without_a_public_address_there_is_no_webhook_url(
    api: APIClient, address: Any, settings: Any
) -> None:
    settings.PUBLIC_URL = None
    assert api.put(address("vapi"), HMAC).json()["webhook_url"] is None


def test_a_provider_without_webhooks_shows_no_url(api: APIClient, address: Any) -> None:
    assert "webhook_url" not in api.get(address("smtp")).json()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("webhook_scheme", "md5", "Choose one of secret, bearer, hmac."),
        ("webhook_header", "X Secret", "The name of a header is letters, digits and hyphens."),
        ("webhook_header", "X-Secret:", "The name of a header is letters, digits and hyphens."),
        ("webhook_algorithm", "md5", "Choose one of sha256, sha512, sha1."),
        ("webhook_payload", "{timestamp}", "Write {body} once and {timestamp} where it belongs"),
        ("webhook_payload", "{body}{body}", "Write {body} once and {timestamp} where it belongs"),
        ("webhook_payload", "{url}.{body}", "Write {body} once and {timestamp} where it belongs"),
    ],
)
def test_a_scheme_that_cannot_be_is_refused_in_words(
    api: APIClient, address: Any, field: str, value: str, said: str
) -> None:
    answer = api.put(address("vapi"), {**HMAC, field: value})
    assert answer.status_code == 400
    assert answer.json()["errors"][field][0].startswith(said)


def test_a_scheme_without_its_secret_is_refused(api: APIClient, address: Any) -> None:
    answer = api.put(address("vapi"), {"api_key": VAPI_KEY, "webhook_scheme": "bearer"})
    assert answer.json()["errors"] == {
        "webhook_secret": ["The webhook_scheme says how this secret is used: send it, too."]
    }


@pytest.mark.parametrize("scheme", ["secret", "bearer", None])
def test_what_belongs_to_an_hmac_is_refused_without_one(
    api: APIClient, address: Any, scheme: str | None
) -> None:
    answer = api.put(address("vapi"), {**HMAC, "webhook_scheme": scheme})
    assert answer.json()["errors"] == {
        "webhook_algorithm": ["This belongs to webhook_scheme hmac."]
    }


def test_an_account_is_found_by_its_address_only_with_a_secret(
    api: APIClient, user: User, address: Any
) -> None:
    api.put(address("vapi"), HMAC)
    row = Credential.objects.get(user=user)
    found = hooks.named(provider="vapi", account=str(row.pk))
    assert found is not None
    assert found.user == user
    assert "planted" not in repr(found)
    for wrong in ("", "x", "0" * 32, f"{row.pk}x"):
        assert hooks.named(provider="vapi", account=wrong) is None
    assert hooks.named(provider="resend", account=str(row.pk)) is None
    api.put(address("vapi"), {"api_key": VAPI_KEY})
    assert hooks.named(provider="vapi", account=str(row.pk)) is None
    assert list(hooks.candidates(provider="vapi")) == []


def test_an_account_that_does_not_open_or_is_closed_takes_nothing(
    api: APIClient, user: User, address: Any, lose_the_key: Any
) -> None:
    api.put(address("vapi"), HMAC)
    assert len(list(hooks.candidates(provider="vapi"))) == 1
    user.is_active = False
    user.save()
    assert list(hooks.candidates(provider="vapi")) == []
    User.objects.update(is_active=True)
    lose_the_key()
    assert list(hooks.candidates(provider="vapi")) == []
