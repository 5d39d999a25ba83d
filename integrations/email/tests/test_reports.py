"""Delivery notes: what AVA will not hear of is said with the mail, and where the key is stored."""

import base64
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from integrations.email.models import OPERATOR, Mail
from integrations.email.tests.mailing import MAIL, MESSAGES, store_resend
from sandbox.server import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "whsec_" + base64.b64encode(b"a secret of Resend's, 24").decode()
NOT_REPORTED = "is not reported to AVA"


def note(api: APIClient, mail: Any) -> str:
    shown = api.get(f"{MESSAGES}/{mail['id']}").json()["delivery_note"]
    [listed] = api.get(MESSAGES).json()["results"]
    assert listed["delivery_note"] == shown
    return str(shown)


def test_without_a_webhook_secret_a_mail_says_that_nothing_is_reported_and_what_to_do(
    api: APIClient, resend_user: User, client: Client
) -> None:
    mail = api.post(MESSAGES, MAIL, format="json").json()
    assert mail["delivery_note"] == note(api, mail)
    assert NOT_REPORTED in note(api, mail)
    assert "webhook_secret" in note(api, mail)
    client.force_login(resend_user)
    page = client.get(f"/mail/{mail['id']}").content.decode()
    assert NOT_REPORTED in page
    assert 'href="/settings/keys/resend"' in page
    assert NOT_REPORTED in client.get("/settings/keys/resend").content.decode()


def test_with_a_webhook_secret_nothing_is_noted(
    api: APIClient, user: User, sandbox: Sandbox
) -> None:
    store_resend(user, webhook_secret=SECRET)
    mail = api.post(MESSAGES, MAIL, format="json").json()
    assert (mail["status"], mail["delivery_note"], note(api, mail)) == ("sent", "", "")
    assert api.get("/api/v1/integrations/resend/credentials").json()["warnings"] == []


def test_the_secret_of_somebody_else_reports_nothing(
    api: APIClient, resend_user: User, stranger: User
) -> None:
    store_resend(stranger, webhook_secret=SECRET)
    assert NOT_REPORTED in note(api, api.post(MESSAGES, MAIL, format="json").json())


def test_by_smtp_and_by_the_operators_account_the_reason_is_another(
    api: APIClient, smtp_user: User
) -> None:
    mail = api.post(MESSAGES, MAIL, format="json").json()
    assert "mail servers return what bounces" in note(api, mail)
    Mail.objects.update(backend="resend", holder=OPERATOR)
    assert "your operator's account" in note(api, mail)


@pytest.mark.parametrize("status", ["delivered", "bounced", "failed", "unknown"])
def test_a_mail_that_is_known_of_or_asked_about_has_no_note(
    api: APIClient, resend_user: User, status: str
) -> None:
    mail = api.post(MESSAGES, MAIL, format="json").json()
    Mail.objects.update(status=status)
    assert note(api, mail) == ""


def test_the_credentials_warn_until_the_secret_is_stored(api: APIClient, resend_user: User) -> None:
    [warning] = api.get("/api/v1/integrations/resend/credentials").json()["warnings"]
    assert NOT_REPORTED in warning
