"""GET /api/v1/integrations."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from integrations.breakers import services as breakers
from integrations.credentials import services as credentials
from integrations.tests.statements import at_most
from sandbox.server import Sandbox

PATH = "/api/v1/integrations"
PROVIDERS = ["vapi", "twilio", "resend", "smtp", "google", "microsoft"]


@pytest.fixture(autouse=True)
def _stubs(settings: Any) -> None:
    flags(settings, INTEGRATIONS_STUB_MODE=True)


def flags(settings: Any, **changes: bool) -> None:
    settings.FLAGS = {**settings.FLAGS, **changes}


def store(user: User, provider: str, **values: Any) -> None:
    credentials.save(user=user, provider=provider, values=values, actor=user, source="api")


def ask(api: APIClient) -> dict[str, dict[str, Any]]:
    answer = api.get(PATH)
    assert answer.status_code == 200
    return {row["provider"]: row for row in answer.json()["results"]}


def test_it_is_a_list_of_six_providers_with_every_fact(api: APIClient) -> None:
    body = api.get(PATH).json()
    assert (body["count"], body["next"], body["previous"]) == (6, None, None)
    assert [row["provider"] for row in body["results"]] == PROVIDERS
    assert body["results"][0] == {
        "provider": "vapi",
        "name": "Vapi",
        "configured": False,
        "source": "none",
        "breaker_state": "closed",
        "retry_after": None,
        "next_step": "Add your Vapi credentials in Settings.",
        "allowance": None,
    }


def test_it_can_be_read_in_pages(api: APIClient) -> None:
    body = api.get(PATH, {"limit": 2, "offset": 2}).json()
    assert [row["provider"] for row in body["results"]] == ["resend", "smtp"]
    assert body["count"] == 6
    assert "offset=4" in body["next"]


def test_nothing_configured_is_a_stub_where_there_is_one(api: APIClient) -> None:
    rows = ask(api)
    sources = {slug: row["source"] for slug, row in rows.items()}
    assert sources == {
        "vapi": "none",
        "twilio": "none",
        "resend": "stub",
        "smtp": "stub",
        "google": "stub",
        "microsoft": "stub",
    }
    assert "Configure Resend or SMTP" in rows["smtp"]["next_step"]
    assert "demo events" in rows["google"]["next_step"]


def test_without_stub_mode_nothing_claims_to_be_a_stub(api: APIClient, settings: Any) -> None:
    flags(settings, INTEGRATIONS_STUB_MODE=False)
    assert {row["source"] for row in ask(api).values()} == {"none"}


def test_own_credentials_and_one_mail_backend_is_enough(api: APIClient, user: User) -> None:
    store(user, "resend", api_key="re_demo", from_email="ada@example.com")
    rows = ask(api)
    assert (rows["resend"]["configured"], rows["resend"]["source"]) == (True, "user")
    assert (rows["smtp"]["configured"], rows["smtp"]["source"]) == (False, "none")


def test_the_operators_credentials_show_only_where_they_are_allowed(
    api: APIClient, settings: Any
) -> None:
    settings.OPERATOR_CREDENTIALS = {
        **settings.OPERATOR_CREDENTIALS,
        "AVA_API_VAPI_API_KEY": "planted-operators-key",
    }
    assert ask(api)["vapi"]["source"] == "none"
    flags(settings, ALLOW_ENV_CREDENTIALS=True)
    row = ask(api)["vapi"]
    assert (row["configured"], row["source"]) == (True, "environment")
    assert "planted" not in str(row)


def test_a_stranger_does_not_see_what_others_have_configured(
    strangers_api: APIClient, user: User
) -> None:
    store(user, "vapi", api_key="vapi-demo-key")
    assert ask(strangers_api)["vapi"]["configured"] is False


def test_credentials_that_cannot_be_read_are_not_configured_and_say_what_to_do(
    api: APIClient, user: User
) -> None:
    store(user, "vapi", api_key="vapi-demo-key")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_credential SET secrets = 'v1.gone.AAAA'")
    row = ask(api)["vapi"]
    assert (row["configured"], row["source"]) == (False, "user")
    assert row["next_step"].startswith("Enter your Vapi credentials again")


def test_a_failing_provider_shows_when_it_is_tried_again(
    api: APIClient, user: User, sandbox: Sandbox, settings: Any
) -> None:
    settings.BREAKER_THRESHOLD = 1
    store(user, "resend", api_key="re_demo", from_email="ada@example.com")
    sandbox.faults.add("resend", "status", status=500)
    assert api.post(f"{PATH}/resend/credentials/verify").status_code == 502
    row = ask(api)["resend"]
    assert row["breaker_state"] == "open"
    assert 1 <= row["retry_after"] <= 30
    assert row["next_step"] == (
        f"Wait: Resend is failing, and AVA tries it again in {row['retry_after']}s."
    )
    assert ask(api)["vapi"]["breaker_state"] == "closed"


def test_a_breaker_held_open_without_an_end_has_no_next_try(api: APIClient, user: User) -> None:
    store(user, "vapi", api_key="vapi-demo-key")
    now = timezone.now()
    open_ = breakers.Forced.OPEN
    breakers.override(open_, provider="vapi", reason="", by=None, now=now)
    row = ask(api)["vapi"]
    assert (row["breaker_state"], row["retry_after"]) == ("open", None)
    assert row["next_step"] == "Wait: your operator has paused Vapi."
    end = now + timedelta(minutes=5)
    breakers.override(open_, provider="vapi", reason="", by=None, now=now, until=end)
    assert 290 <= ask(api)["vapi"]["retry_after"] <= 300


def test_without_a_login_it_is_refused(db: None) -> None:
    assert APIClient().get(PATH).status_code == 401


def test_the_eleventh_request_in_a_minute_is_refused(api: APIClient) -> None:
    assert [api.get(PATH).status_code for _ in range(10)] == [200] * 10
    assert api.get(PATH).status_code == 429


def test_the_overview_takes_at_most_four_statements_with_every_source_in_use(
    api: APIClient, user: User, settings: Any
) -> None:
    settings.OPERATOR_CREDENTIALS = {
        **settings.OPERATOR_CREDENTIALS,
        "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
        "TWILIO_AUTH_TOKEN": "operators-token",
    }
    flags(settings, ALLOW_ENV_CREDENTIALS=True)
    store(user, "vapi", api_key="vapi-demo-key")
    store(user, "resend", api_key="re_demo", from_email="ada@example.com")
    with at_most(4):
        rows = ask(api)
    assert rows["vapi"]["source"] == "user"
    assert rows["twilio"]["allowance"]["left"] > 0
