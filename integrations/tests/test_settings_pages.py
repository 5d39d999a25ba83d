"""The room Settings: keys in and never out, what will stop, calendars."""

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.calendar.authorization import origin
from integrations.credentials import services
from integrations.credentials.models import Credential

if TYPE_CHECKING:
    from sandbox.server import Sandbox

pytestmark = pytest.mark.django_db

SMTP = {
    "host": "mail.example.com",
    "port": "587",
    "security": "starttls",
    "username": "ada",
    "password": "a secret of hers",
    "from_email": "ada@example.com",
}
PAGE = "/settings/keys/smtp"


def text(answer: Any) -> str:
    return str(answer.content.decode())


def stored(user: User, provider: str = "smtp") -> Any:
    return services.credentials_for(user=user, provider=provider, own=True).fields


@pytest.fixture
def ada(browser: Client, user: User) -> Client:
    """Somebody who has stored the keys of a mail server."""
    assert browser.post(PAGE, SMTP).status_code == 302
    return browser


def test_the_room_lists_each_provider_with_its_next_step(ada: Client) -> None:
    page = text(ada.get("/settings"))
    for each in ("Vapi", "Twilio", "Resend", "SMTP", "Google Calendar", "Microsoft 365"):
        assert f"<strong>{each}</strong>" in page
    assert "AVA uses your own SMTP credentials." in page


def test_keys_are_stored_by_the_form_and_shown_masked(ada: Client, user: User) -> None:
    assert stored(user)["port"] == "587"
    page = text(ada.get(PAGE))
    assert SMTP["password"] not in page
    assert "••••••••hers" in page
    assert 'value="mail.example.com"' in page


def test_a_secret_that_is_left_empty_stays(ada: Client, user: User) -> None:
    assert (
        ada.post(PAGE, {**SMTP, "password": "", "from_email": "b@example.com"}).status_code == 302
    )
    assert stored(user)["password"] == SMTP["password"]
    assert stored(user)["from_email"] == "b@example.com"


def test_a_secret_goes_nowhere_else_by_its_mask(ada: Client, user: User) -> None:
    answer = ada.post(PAGE, {**SMTP, "password": "", "host": "evil.example.com"})
    assert answer.status_code == 422
    assert "Send the password again" in text(answer)
    assert stored(user)["host"] == SMTP["host"]


def test_a_secret_that_nothing_requires_is_taken_away(browser: Client, user: User) -> None:
    page = "/settings/keys/vapi"
    browser.post(page, {"api_key": "vapi-key-of-ada", "webhook_secret": "s" * 32})
    assert 'name="remove_webhook_secret"' in text(browser.get(page))
    browser.post(page, {"api_key": "", "webhook_secret": "", "remove_webhook_secret": "on"})
    assert "webhook_secret" not in stored(user, "vapi")
    assert stored(user, "vapi")["api_key"] == "vapi-key-of-ada"


@pytest.mark.parametrize("target", ["", "key-form"], ids=["page", "fragment"])
def test_a_wrong_field_is_said_beside_it_and_what_was_typed_stays(
    browser: Client, target: str
) -> None:
    headers = {"HX-Request": "true", "HX-Target": target} if target else {}
    answer = browser.post(PAGE, {**SMTP, "port": "70000"}, headers=headers)
    assert answer.status_code == 422
    page = text(answer)
    assert "A port is a whole number from 1 to 65535." in page
    assert 'value="mail.example.com"' in page
    assert SMTP["password"] not in page
    assert ("<html" in page) is not target


def test_a_provider_without_keys_has_no_such_page(browser: Client) -> None:
    for provider in ("google", "nobody"):
        assert browser.get(f"/settings/keys/{provider}").status_code == 404


def test_deleting_says_first_what_stops(ada: Client, user: User) -> None:
    page = text(ada.get(f"{PAGE}/delete"))
    assert "Mails no longer go out through your mail server." in page
    refused = ada.post(f"{PAGE}/delete", {"typed": "Twilio"})
    assert refused.status_code == 422
    assert "Type SMTP, as it stands here." in text(refused)
    assert Credential.objects.filter(user=user).exists()
    answer = ada.post(f"{PAGE}/delete", {"typed": "smtp"}, follow=True)
    assert "Your SMTP keys are deleted." in text(answer)
    assert not Credential.objects.filter(user=user).exists()


def test_verifying_without_keys_says_what_to_do(browser: Client) -> None:
    page = text(browser.post(f"{PAGE}/verify"))
    assert "SMTP credentials not configured." in page
    assert "Correlation ID" in page


def test_keys_that_the_provider_refuses_are_said_to_be_refused(
    browser: Client, sandbox: "Sandbox"
) -> None:
    browser.post("/settings/keys/vapi", {"api_key": "no-key-of-the-sandbox"})
    page = text(browser.post("/settings/keys/vapi/verify"))
    assert "Vapi refused these keys" in page
    assert "Invalid Vapi API key." in page


def test_the_address_for_webhooks_is_whole_where_ava_has_no_public_one(browser: Client) -> None:
    browser.post("/settings/keys/vapi", {"api_key": "vapi-key-of-ada"})
    assert "http://testserver/api/v1/webhooks/vapi?account=" in text(
        browser.get("/settings/keys/vapi")
    )


def test_a_number_at_twilio_gets_an_address_for_calls_and_one_for_messages(ada: Client) -> None:
    ada.post("/settings/keys/twilio", {"account_sid": f"AC{'0' * 32}", "auth_token": "t" * 16})
    page = text(ada.get("/settings/keys/twilio"))
    for purpose, kind in (("A call comes in", "voice"), ("A message comes in", "message")):
        after = page[page.index(purpose) :]
        assert f"http://testserver/api/v1/webhooks/twilio/{kind}?account=" in after[:200]


def test_a_calendar_is_connected_by_its_own_link(browser: Client, settings: Any) -> None:
    settings.OAUTH_APPS = {"google": ("an-id", "a-secret"), "microsoft": ("", "")}
    assert origin("google") in browser.get("/settings")["Content-Security-Policy"]
    answer = browser.post("/settings/calendar/google/connect")
    assert answer.status_code == 302
    assert "/oauth/google/start?request=" in answer["Location"]


def test_a_calendar_that_is_not_set_up_cannot_be_connected(browser: Client, settings: Any) -> None:
    settings.OAUTH_APPS = {"google": ("", ""), "microsoft": ("", "")}
    assert browser.post("/settings/calendar/google/connect").status_code >= 400
    assert browser.post("/settings/calendar/nobody/connect").status_code == 404


@pytest.mark.parametrize("path", ["/settings", PAGE, f"{PAGE}/delete", "/settings/keys/twilio"])
def test_a_page_costs_few_statements(ada: Client, path: str) -> None:
    ada.post("/settings/keys/twilio", {"account_sid": f"AC{'0' * 32}", "auth_token": "t" * 16})
    ada.get(path)
    with CaptureQueriesContext(connection) as found:
        assert ada.get(path).status_code == 200
    assert len(found) <= 8
