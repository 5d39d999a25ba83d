import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from integrations.credentials.models import Credential, CredentialChange
from integrations.credentials.services import credentials_for
from integrations.credentials.tests.conftest import SMTP, TWILIO, VAPI_KEY

MASKED = "••••••••0001"


@pytest.fixture(autouse=True)
def unlimited(settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000


def test_nothing_stored_is_an_answer_not_an_error(api: APIClient, address: Any) -> None:
    answer = api.get(address("vapi"))
    assert answer.status_code == 200
    assert answer.json() == {
        "provider": "vapi",
        "configured": False,
        "source": "none",
        "readable": True,
        "updated_at": None,
        "warnings": [],
        "api_key": None,
        "webhook_secret": None,
        "webhook_scheme": None,
        "webhook_header": None,
        "webhook_algorithm": None,
        "webhook_encoding": None,
        "webhook_prefix": None,
        "webhook_payload": None,
        "webhook_timestamp_header": None,
        "default_assistant_id": None,
        "webhook_url": None,
    }


def test_a_stored_secret_is_shown_masked_with_its_last_four(api: APIClient, address: Any) -> None:
    for answer in (api.put(address("vapi"), {"api_key": VAPI_KEY}), api.get(address("vapi"))):
        assert answer.status_code == 200
        assert answer.json()["api_key"] == MASKED
        assert answer.json()["configured"] is True
        assert answer.json()["source"] == "user"
        assert answer["Cache-Control"] == "no-store"
        assert VAPI_KEY not in answer.content.decode()


def test_a_short_secret_shows_nothing_of_itself(api: APIClient, address: Any) -> None:
    answer = api.put(address("resend"), {"api_key": "re_demo", "from_email": "a@example.com"})
    assert answer.json()["api_key"] == "••••••••"


def test_what_was_read_can_be_sent_back_and_changes_nothing(
    api: APIClient, user: User, address: Any
) -> None:
    api.put(address("twilio"), {**TWILIO, "default_from": "+1 500 555 0006"})
    before = credentials_for(user=user, provider="twilio")
    answer = api.put(address("twilio"), api.get(address("twilio")).json())
    assert answer.status_code == 200
    assert credentials_for(user=user, provider="twilio") == before
    assert before.fields == {**TWILIO, "default_from": "+15005550006"}
    assert CredentialChange.objects.count() == 1


def test_a_resubmitted_mask_keeps_the_secret_while_others_change(
    api: APIClient, user: User, address: Any
) -> None:
    api.put(address("vapi"), {"api_key": VAPI_KEY})
    before = credentials_for(user=user, provider="vapi")
    api.put(address("vapi"), {"api_key": MASKED, "webhook_secret": "planted-hook-0004"})
    after = credentials_for(user=user, provider="vapi")
    assert after.fields == {"api_key": VAPI_KEY, "webhook_secret": "planted-hook-0004"}
    assert after.version != before.version


@pytest.mark.parametrize("mask", ["••••••••", "••••••••9999", "••••••••0001x", "••••••••00012"])
def test_a_mask_of_another_secret_is_refused(
    api: APIClient, user: User, address: Any, mask: str
) -> None:
    api.put(address("vapi"), {"api_key": VAPI_KEY})
    answer = api.put(address("vapi"), {"api_key": mask})
    assert answer.status_code == 400
    assert answer.json()["errors"] == {
        "api_key": ["This is the mask of another secret. Send the secret itself."]
    }
    assert credentials_for(user=user, provider="vapi").fields["api_key"] == VAPI_KEY


@pytest.mark.parametrize(
    "change",
    [
        {"host": "mail.elsewhere.example"},
        {"port": 2525},
        {"security": "none"},
        {"username": "eve"},
    ],
)
def test_a_kept_password_goes_to_no_other_server(
    api: APIClient, user: User, address: Any, change: dict[str, Any]
) -> None:
    masked = api.put(address("smtp"), SMTP).json()["password"]
    answer = api.put(address("smtp"), {**SMTP, **change, "password": masked})
    assert answer.status_code == 400
    assert answer.json()["errors"] == {
        "password": ["Send the password again: the mail server changed."]
    }
    fields = credentials_for(user=user, provider="smtp").fields
    assert fields == {name: str(value) for name, value in SMTP.items()}
    assert api.put(address("smtp"), {**SMTP, **change}).status_code == 200


def test_a_password_is_kept_while_its_server_stays(
    api: APIClient, user: User, address: Any
) -> None:
    masked = api.put(address("smtp"), SMTP).json()["password"]
    change = {"password": masked, "from_email": "grace@example.com", "port": 587.0}
    assert api.put(address("smtp"), {**SMTP, **change}).status_code == 200
    fields = credentials_for(user=user, provider="smtp").fields
    assert (fields["password"], fields["from_email"]) == (SMTP["password"], "grace@example.com")


def test_an_optional_field_left_out_is_removed(api: APIClient, user: User, address: Any) -> None:
    api.put(address("vapi"), {"api_key": VAPI_KEY, "webhook_secret": "planted-hook-0004"})
    answer = api.put(address("vapi"), {"api_key": MASKED})
    assert answer.json()["webhook_secret"] is None
    assert "webhook_secret" not in credentials_for(user=user, provider="vapi").fields


def test_a_required_secret_left_out_is_refused_and_says_how_to_keep_it(
    api: APIClient, user: User, address: Any
) -> None:
    api.put(address("vapi"), {"api_key": VAPI_KEY})
    answer = api.put(address("vapi"), {"default_assistant_id": "a1"})
    assert answer.status_code == 400
    assert "the mask" in answer.json()["errors"]["api_key"][0]
    assert credentials_for(user=user, provider="vapi").fields == {"api_key": VAPI_KEY}


@pytest.mark.parametrize(
    ("provider", "body", "field"),
    [
        ("vapi", {}, "api_key"),
        ("vapi", {"api_key": ""}, "api_key"),
        ("vapi", {"api_key": None}, "api_key"),
        ("vapi", {"api_key": 7}, "api_key"),
        ("vapi", {"api_key": ["planted"]}, "api_key"),
        ("vapi", {"api_key": "with space"}, "api_key"),
        ("vapi", {"api_key": "schlüssel"}, "api_key"),
        ("vapi", {"api_key": "a\r\nX-Evil: 1"}, "api_key"),
        ("vapi", {"api_key": "k" * 257}, "api_key"),
        ("vapi", {"api_key": "\ud800"}, "api_key"),
        ("vapi", {"api_key": "k", "apikey": "k"}, "apikey"),
        ("vapi", {"api_key": "k", "\ud800": "k"}, "non_field_errors"),
        ("vapi", {"api_key": "k", "planted key": "k"}, "non_field_errors"),
        ("twilio", {**TWILIO, "account_sid": "AC123"}, "account_sid"),
        ("twilio", {**TWILIO, "account_sid": "SK" + "1" * 32}, "account_sid"),
        ("twilio", {"account_sid": TWILIO["account_sid"]}, "auth_token"),
        ("twilio", {**TWILIO, "api_key_sid": "SK" + "1" * 32}, "api_key_secret"),
        ("twilio", {**TWILIO, "api_key_secret": "planted"}, "api_key_sid"),
        ("twilio", {**TWILIO, "default_from": "030 1234567"}, "default_from"),
        ("twilio", {**TWILIO, "default_from": "+1"}, "default_from"),
        ("twilio", {**TWILIO, "default_from": "+49\u0663\u0660\u0661\u0662\u0663"}, "default_from"),
        ("resend", {"api_key": "re_1", "from_email": "nobody"}, "from_email"),
        ("resend", {"api_key": "re_1", "from_email": "a@example.com\nBcc: b@c.de"}, "from_email"),
        ("smtp", {**SMTP, "port": 0}, "port"),
        ("smtp", {**SMTP, "port": 65536}, "port"),
        ("smtp", {**SMTP, "port": "587"}, "port"),
        ("smtp", {**SMTP, "port": True}, "port"),
        ("smtp", {**SMTP, "port": 587.5}, "port"),
        ("smtp", {**SMTP, "security": "ssl"}, "security"),
        ("smtp", {**SMTP, "host": "https://mail.example.com"}, "host"),
        ("smtp", {**SMTP, "host": "-mail.example.com"}, "host"),
        ("smtp", {**SMTP, "host": "::zz"}, "host"),
        ("smtp", {**SMTP, "password": "a\x00b"}, "password"),
        ("smtp", {**SMTP, "password": "\ud800"}, "password"),
    ],
)
def test_what_does_not_fit_is_named_and_never_quoted(
    api: APIClient, address: Any, provider: str, body: dict[str, Any], field: str
) -> None:
    answer = api.put(address(provider), json.dumps(body), content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["code"] == "validation_failed"
    assert list(answer.json()["errors"]) == [field]
    assert "planted" not in answer.content.decode()
    assert not Credential.objects.exists()


@pytest.mark.parametrize("body", ["[]", '"text"', "null", "7", "{", '{"api_key": NaN}'])
def test_a_body_that_is_no_object_is_refused(api: APIClient, address: Any, body: str) -> None:
    answer = api.put(address("vapi"), body, content_type="application/json")
    assert answer.status_code == 400
    assert not Credential.objects.exists()


def test_spaces_around_a_pasted_key_are_dropped(api: APIClient, user: User, address: Any) -> None:
    api.put(address("vapi"), {"api_key": f"  {VAPI_KEY}\n"})
    assert credentials_for(user=user, provider="vapi").fields["api_key"] == VAPI_KEY


def test_a_password_is_kept_to_the_letter(api: APIClient, user: User, address: Any) -> None:
    assert api.put(address("smtp"), {**SMTP, "password": " a b "}).status_code == 200
    fields = credentials_for(user=user, provider="smtp").fields
    assert fields == {**SMTP, "password": " a b ", "port": "587"}


def test_deleting_is_done_once_and_asked_twice(api: APIClient, address: Any) -> None:
    api.put(address("vapi"), {"api_key": VAPI_KEY})
    for _ in range(2):
        answer = api.delete(address("vapi"))
        assert (answer.status_code, answer.content) == (204, b"")
    assert api.get(address("vapi")).json()["configured"] is False
    assert list(CredentialChange.objects.values_list("action", flat=True)) == ["deleted", "created"]


def test_a_stranger_sees_and_touches_their_own_only(
    api: APIClient, strangers_api: APIClient, user: User, address: Any
) -> None:
    api.put(address("vapi"), {"api_key": VAPI_KEY})
    assert strangers_api.get(address("vapi")).json()["configured"] is False
    assert strangers_api.put(address("vapi"), {"api_key": MASKED}).status_code == 400
    assert strangers_api.put(address("vapi"), {"api_key": "strangers"}).status_code == 200
    assert strangers_api.delete(address("vapi")).status_code == 204
    assert credentials_for(user=user, provider="vapi").fields == {"api_key": VAPI_KEY}


def test_without_a_login_nothing_is_answered(address: Any, db: None) -> None:
    client = APIClient()
    for call in (client.get, client.put, client.delete):
        assert call(address("vapi")).status_code == 401
    assert client.post(address("vapi", "/verify")).status_code == 401


@pytest.mark.parametrize("provider", ["google", "microsoft", "nobody", "VAPI", "<script>"])
def test_other_names_are_not_found_and_say_why(api: APIClient, address: Any, provider: str) -> None:
    answers = [api.get(address(provider)), api.put(address(provider), {"api_key": "k"})]
    answers += [api.delete(address(provider)), api.post(address(provider, "/verify"))]
    for answer in answers:
        assert answer.status_code == 404
        assert answer.json()["code"] == "unknown_provider"
        assert "signing in" in answer.json()["detail"] or "vapi" in answer.json()["detail"]
        assert "<script>" not in answer.content.decode()


def test_every_change_says_who_when_and_which_but_no_value(
    api: APIClient, user: User, address: Any
) -> None:
    api.put(address("smtp"), SMTP, headers={"X-Correlation-ID": "test-1"})
    api.put(address("smtp"), {**SMTP, "port": 465, "security": "tls"})
    last, first = CredentialChange.objects.all()
    assert (first.owner, first.actor, first.source) == (user, user, "api")
    assert (first.action, first.correlation_id) == ("created", "test-1")
    assert first.fields == sorted(SMTP)
    assert (last.action, last.fields) == ("changed", ["port", "security"])


def test_a_lost_key_is_told_per_credential_and_the_rest_works(
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


def test_the_endpoints_share_the_integrations_quota(
    api: APIClient, address: Any, settings: Any
) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 3
    seen = [api.get(address(provider)).status_code for provider in ("vapi", "smtp") * 2]
    assert seen == [200, 200, 200, 429]
