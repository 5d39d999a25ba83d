"""Fields that say how a provider's webhooks are checked, as a user stores them."""

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from ava.inbound.source import InvalidSignature
from integrations.credentials import schemas, store, webhook_accounts
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


def test_without_a_public_address_the_webhook_url_is_its_path_and_account(
    api: APIClient, user: User, address: Any, settings: Any
) -> None:
    settings.PUBLIC_URL = None
    shown = api.put(address("vapi"), HMAC).json()["webhook_url"]
    assert shown == f"/api/v1/webhooks/vapi?account={Credential.objects.get(user=user).pk}"


def test_there_is_no_webhook_url_before_there_is_an_account(api: APIClient, address: Any) -> None:
    assert api.get(address("vapi")).json()["webhook_url"] is None


def test_a_provider_without_webhooks_shows_no_url(api: APIClient, address: Any) -> None:
    assert "webhook_url" not in api.get(address("smtp")).json()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("webhook_scheme", "md5", "Choose one of secret, bearer, hmac."),
        *[
            (field, name, "Use Authorization, or a name of letters, digits and hyphens that begins")
            for field in ("webhook_header", "webhook_timestamp_header")
            for name in (
                "X Secret",
                "X-Secret:",
                "X-",
                "Content-Type",
                "Host",
                "Accept-Encoding",
                "Date",
                "x-forwarded-for",
                "X-FORWARDED-HOST",
                "X-Real-IP",
                "X-Correlation-ID",
                "X-Request-ID",
                "X-CSRFToken",
                "X-Requested-With",
            )
        ],
        *[
            ("webhook_secret", secret, "Use at least 16 printable ASCII characters")
            for secret in ("x", "•••", "gzip, deflate, br, zstd", "fifteen-letters")
        ],
        *[
            ("webhook_secret", secret, "Many requests carry this value in a header.")
            for secret in ("application/json", "Application/JSON;charset=utf-8", "max-age=31536000")
        ],
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


@pytest.mark.parametrize("name", ["X-Vapi-Secret", "x-signature", "AUTHORIZATION", "X-Api-Key"])
def test_the_usual_headers_and_those_that_begin_with_x_are_taken(
    api: APIClient, address: Any, name: str
) -> None:
    assert api.put(address("vapi"), {**HMAC, "webhook_header": name}).status_code == 200


def test_what_was_stored_before_secrets_had_to_be_long_stays_and_is_warned_of(
    api: APIClient, user: User, address: Any
) -> None:
    assert api.put(address("vapi"), HMAC).json()["warnings"] == []
    row = Credential.objects.get(user=user)
    row.clear = {**row.clear, "webhook_header": "Content-Type"}
    row.secrets = json.dumps({"api_key": VAPI_KEY, "webhook_secret": "short-0001"})
    row.save()
    shown = api.get(address("vapi")).json()
    assert [said.split(".")[0] for said in shown["warnings"]] == [
        "The webhook_secret that is stored is not safe",
        "The webhook_header that is stored is not safe",
    ]
    kept = api.put(address("vapi"), {**shown, "webhook_header": "X-Acme"})
    assert kept.status_code == 200, kept.content
    assert store.open_fields(Credential.objects.get())["webhook_secret"] == "short-0001"


def test_the_document_says_what_secrets_and_headers_are_accepted() -> None:
    fields = schemas.request("vapi")["properties"]
    secret, header = (
        re.compile(fields[name]["pattern"]) for name in ("webhook_secret", "webhook_header")
    )
    assert secret.search("planted-hook-0004")
    assert not secret.search("fifteen-letters")
    assert header.search("x-signature")
    assert not header.search("Content-Type")
    assert not header.search("X-forwarded-For")


def test_the_admin_takes_no_weak_secret_either(
    user: User, operator: User, client: Client, settings: Any
) -> None:
    client.force_login(operator)
    page = "/admin/integrations/credential/add/?provider=vapi"
    weak = {"user": user.pk, "api_key": VAPI_KEY, "webhook_secret": "fifteen-letters"}
    assert "Use at least 16 printable" in client.post(page, weak).content.decode()
    assert not Credential.objects.exists()
    assert client.post(page, {**weak, "webhook_secret": "sixteen-letters!"}).status_code == 302


def _prove(account: str | None) -> User:
    query = () if account is None else (("account", account),)
    return webhook_accounts.proven(query, provider="vapi", complaint=lambda fields: None)


def test_an_account_is_found_by_its_address_only_with_a_secret(
    api: APIClient, user: User, address: Any
) -> None:
    api.put(address("vapi"), HMAC)
    row = Credential.objects.get(user=user)
    assert _prove(str(row.pk)) == user
    for wrong in (None, "", "x", "0" * 32, f"{row.pk}x"):
        with pytest.raises(InvalidSignature):
            _prove(wrong)
    api.put(address("vapi"), {"api_key": VAPI_KEY})
    with pytest.raises(InvalidSignature):
        _prove(str(row.pk))


def test_an_account_that_does_not_open_or_is_closed_takes_nothing(
    api: APIClient, user: User, address: Any, lose_the_key: Any
) -> None:
    api.put(address("vapi"), HMAC)
    account = str(Credential.objects.get().pk)
    assert _prove(account) == user
    User.objects.update(is_active=False)
    with pytest.raises(InvalidSignature):
        _prove(account)
    User.objects.update(is_active=True)
    lose_the_key()
    with pytest.raises(InvalidSignature):
        _prove(account)
