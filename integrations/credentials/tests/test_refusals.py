"""Refusals of credentials, by the name of the field that is wrong."""

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from integrations.credentials.models import Credential
from integrations.credentials.tests.conftest import SMTP, TWILIO

pytestmark = pytest.mark.usefixtures("unlimited")


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
        ("twilio", {**TWILIO, "default_from": "+49 30 1234 x"}, "default_from"),
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
