"""Replacing of credentials: what is kept, and what goes."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from integrations.credentials.providers import BY_FIELDS
from integrations.credentials.services import credentials_for
from integrations.credentials.tests.conftest import MASKED, SMTP, TWILIO, VAPI_KEY

pytestmark = pytest.mark.usefixtures("unlimited")


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
    ("change", "named"),
    [
        ({"host": "mail.elsewhere.example"}, "host"),
        ({"port": 2525}, "port"),
        ({"security": "none"}, "security"),
        ({"username": "eve"}, "username"),
        ({"host": "mail.elsewhere.example", "port": 2525}, "host and port"),
    ],
)
def test_a_kept_password_goes_to_no_other_server(
    api: APIClient, user: User, address: Any, change: dict[str, Any], named: str
) -> None:
    masked = api.put(address("smtp"), SMTP).json()["password"]
    answer = api.put(address("smtp"), {**SMTP, **change, "password": masked})
    assert answer.status_code == 400
    assert answer.json()["errors"] == {
        "password": [f"Send the password again: the {named} changed."]
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


def test_spaces_around_a_pasted_key_are_dropped(api: APIClient, user: User, address: Any) -> None:
    api.put(address("vapi"), {"api_key": f"  {VAPI_KEY}\n"})
    assert credentials_for(user=user, provider="vapi").fields["api_key"] == VAPI_KEY


def test_a_password_is_kept_to_the_letter(api: APIClient, user: User, address: Any) -> None:
    assert api.put(address("smtp"), {**SMTP, "password": " a b "}).status_code == 200
    fields = credentials_for(user=user, provider="smtp").fields
    assert fields == {**SMTP, "password": " a b ", "port": "587"}


# What is stored, what changes of it, and who must then be sent again.
MOVES: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "vapi": (
        {"api_key": VAPI_KEY, "webhook_secret": "planted-hook-secret-0004"},
        {"api_key": "the-key-of-a-thief-0005"},
        ["webhook_secret"],
    ),
    "twilio": (
        {
            **TWILIO,
            "secondary_auth_token": "planted-second-token-0006",
            "api_key_sid": "SK" + "1f" * 16,
            "api_key_secret": "planted-key-secret-0007",
        },
        {"account_sid": "AC" + "2e" * 16},
        ["auth_token", "secondary_auth_token", "api_key_secret"],
    ),
    "resend": (
        {
            "api_key": "re_planted_key_0008",
            "webhook_secret": "planted-hook-secret-0009",
            "from_email": "ada@example.com",
        },
        {"api_key": "re_key_of_a_thief_0010"},
        ["webhook_secret"],
    ),
    "smtp": (SMTP, {"host": "mail.thief.example"}, ["password"]),
}


def test_every_provider_says_where_its_secrets_go() -> None:
    assert MOVES.keys() == set(BY_FIELDS)


# A password of SMTP may begin with spaces: with them it is no mask.
@pytest.mark.parametrize(
    ("provider", "pasted"),
    [*((slug, "{}") for slug in MOVES), *((slug, "  {}\n") for slug in MOVES if slug != "smtp")],
)
def test_no_secret_is_kept_by_its_mask_when_the_secrets_would_go_elsewhere(
    api: APIClient, user: User, address: Any, provider: str, pasted: str
) -> None:
    stored, change, secrets = MOVES[provider]
    shown = api.put(address(provider), stored).json()
    before = credentials_for(user=user, provider=provider)
    masks = {name: pasted.format(shown[name]) for name in secrets}
    answer = api.put(address(provider), {**stored, **masks, **change})
    assert answer.status_code == 400
    [moved] = change
    assert answer.json()["errors"] == {
        name: [f"Send the {name} again: the {moved} changed."] for name in secrets
    }
    assert credentials_for(user=user, provider=provider) == before
    assert api.put(address(provider), {**stored, **change}).status_code == 200


def test_a_mask_of_another_providers_secret_keeps_nothing(
    api: APIClient, user: User, address: Any
) -> None:
    masked = api.put(address("twilio"), TWILIO).json()["auth_token"]
    api.put(address("vapi"), {"api_key": VAPI_KEY})
    answer = api.put(address("vapi"), {"api_key": MASKED, "webhook_secret": masked})
    assert answer.status_code == 400
    assert "mask of another secret" in answer.json()["errors"]["webhook_secret"][0]
    assert credentials_for(user=user, provider="vapi").fields == {"api_key": VAPI_KEY}


def test_a_token_that_proves_webhooks_is_added_together_with_the_other_in_clear(
    api: APIClient, user: User, address: Any
) -> None:
    """Else a thief of an access token could sign webhooks as Twilio."""
    masked = api.put(address("twilio"), TWILIO).json()["auth_token"]
    planted = {**TWILIO, "secondary_auth_token": "planted-by-a-thief-0009"}
    answer = api.put(address("twilio"), {**planted, "auth_token": masked})
    assert answer.status_code == 400
    assert answer.json()["errors"] == {
        "auth_token": [
            "Send the auth_token again: webhooks are checked with the new "
            "secondary_auth_token, too."
        ]
    }
    assert "secondary_auth_token" not in credentials_for(user=user, provider="twilio").fields
    shown = api.put(address("twilio"), planted).json()
    again = {**TWILIO, **{name: shown[name] for name in ("auth_token", "secondary_auth_token")}}
    assert api.put(address("twilio"), {**again, "default_from": "+15005550006"}).status_code == 200
    assert api.put(address("twilio"), {**TWILIO, "auth_token": masked}).status_code == 200
