"""Credentials as people paste them: with blanks and characters that show as nothing."""

import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from ava.conf import env
from integrations.credentials.services import credentials_for
from integrations.credentials.tests.conftest import MASKED, SMTP, TWILIO, VAPI_KEY

pytestmark = pytest.mark.usefixtures("unlimited")

UUID = "4f1c3f0e-5a3b-4c53-9c1e-0d8a6f1b2c3d"


def stored(user: User, provider: str) -> dict[str, str]:
    return dict(credentials_for(user=user, provider=provider).fields)


@pytest.mark.parametrize(
    "pasted",
    [
        "{} ",
        "\t{}\r\n",
        " " * 300 + "{}",
        "\u00a0{}\u202f",
        "\ufeff{}\u200b",
        "\u200e\u202a{}\u202c\u2069",
        "\u2060{}\u00ad",
    ],
)
def test_what_copying_adds_around_a_credential_is_no_part_of_it(
    api: APIClient, user: User, address: Any, pasted: str
) -> None:
    values = {name: pasted.format(value) for name, value in TWILIO.items()}
    number = pasted.format("+15005550006")
    answer = api.put(address("twilio"), {**values, "default_from": number})
    assert answer.status_code == 200, answer.content
    assert stored(user, "twilio") == {**TWILIO, "default_from": "+15005550006"}
    mail = {"api_key": pasted.format("re_1"), "from_email": pasted.format("ada@example.com")}
    assert api.put(address("resend"), mail).status_code == 200
    assert stored(user, "resend") == {"api_key": "re_1", "from_email": "ada@example.com"}


def test_hyphens_and_line_ends_of_a_document_are_no_part_of_a_key(
    api: APIClient, user: User, address: Any
) -> None:
    pasted = UUID.replace("-", "\u2011").replace("4c53", "4c\u200b53")
    assert api.put(address("vapi"), {"api_key": pasted}).status_code == 200
    assert stored(user, "vapi") == {"api_key": UUID}


def test_a_credential_is_measured_without_its_blanks(api: APIClient, address: Any) -> None:
    answer = api.put(address("vapi"), {"api_key": f" {'k' * 256} "})
    assert answer.status_code == 200
    answer = api.put(address("vapi"), {"api_key": f" {'k' * 257} "})
    assert answer.json()["errors"] == {"api_key": ["At most 256 characters."]}


def test_nothing_but_blanks_is_no_credential(api: APIClient, address: Any) -> None:
    answer = api.put(address("vapi"), {"api_key": " \u200b\u00a0"})
    assert list(answer.json()["errors"]) == ["api_key"]


def test_a_password_keeps_its_blanks_but_no_line_end(
    api: APIClient, user: User, address: Any
) -> None:
    values = {**SMTP, "username": " ada\u00a0", "password": " two  words \r\n"}
    assert api.put(address("smtp"), values).status_code == 200
    assert stored(user, "smtp")["password"] == " two  words "
    assert stored(user, "smtp")["username"] == "ada"


@pytest.mark.parametrize("pasted", ["{} ", "\u200b{}", "\u00a0{}\n"])
def test_a_mask_is_a_mask_with_blanks_around_it(
    api: APIClient, user: User, address: Any, pasted: str
) -> None:
    api.put(address("vapi"), {"api_key": VAPI_KEY})
    assert api.put(address("vapi"), {"api_key": pasted.format(MASKED)}).status_code == 200
    assert stored(user, "vapi") == {"api_key": VAPI_KEY}
    api.put(address("smtp"), SMTP)
    shown = api.get(address("smtp")).json()["password"]
    assert api.put(address("smtp"), {**SMTP, "password": pasted.format(shown)}).status_code == 200
    assert stored(user, "smtp")["password"] == SMTP["password"]


def test_the_admin_takes_them_alike(user: User, operator: User, client: Client) -> None:
    client.force_login(operator)
    path = "/admin/integrations/credential/add/?provider=twilio"
    # A browser would cut at a maxlength, and say nothing.
    assert 'maxlength="256"' not in client.get(path).content.decode()
    values = {name: f"\u200b{' ' * 300}{value} " for name, value in TWILIO.items()}
    assert client.post(path, {"user": user.pk, **values}).status_code == 302
    assert stored(user, "twilio") == TWILIO


def test_the_operators_own_are_read_alike() -> None:
    values = env.read({"TWILIO_AUTH_TOKEN": "\ufeff token\u200b\r\n", "RESEND_API_KEY": "\u200b"})
    assert values["TWILIO_AUTH_TOKEN"] == "token"
    assert values["RESEND_API_KEY"] is None


def test_a_long_run_of_blanks_costs_next_to_nothing(api: APIClient, address: Any) -> None:
    began = time.process_time()
    pasted = f"AC{' ' * 100_000}x"
    answer = api.put(address("twilio"), {"account_sid": pasted, "auth_token": "x"})
    assert answer.status_code == 400
    assert time.process_time() - began < 10  # of the square it was 30 and more
