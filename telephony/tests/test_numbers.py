"""GET /api/v1/twilio/numbers, against the sandbox."""

from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from ava import upstream
from integrations.breakers.models import BreakerEvent
from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN, provider
from sandbox.twilio.senders import SERVICE_SID, SHORT_CODE
from sandbox.wire import Answer
from telephony.conftest import store
from telephony.twilio import client as client_module
from telephony.twilio.client import TwilioClient

PATH = "/api/v1/twilio/numbers"
NUMBERS = f"/2010-04-01/Accounts/{ACCOUNT_SID}/IncomingPhoneNumbers.json"
REFUSED = "Invalid Twilio API key. Please update your credentials in Settings."
FAILED = "Connection to Twilio failed. Please try again later."


@pytest.fixture(autouse=True)
def _twilio(sandbox: Sandbox) -> None:
    """Every test here speaks to the sandbox."""


def test_a_user_sees_the_numbers_of_the_own_account(api: APIClient, twilio_user: User) -> None:
    answer = api.get(PATH)
    assert answer.status_code == 200
    assert answer.json() == {
        "numbers": [
            {
                "phone_number": "+15005550006",
                "friendly_name": "Front desk",
                "capabilities": {"voice": True, "sms": True, "mms": True},
            },
            {
                "phone_number": "+15005550010",
                "friendly_name": "Support",
                "capabilities": {"voice": True, "sms": True, "mms": False},
            },
        ],
        "senders": [
            {
                "sender": SERVICE_SID,
                "kind": "messaging_service",
                "friendly_name": "Reminders",
                "limits": "Twilio chooses one of the service's senders for each message, and the "
                "limits of that one hold. It makes no calls.",
            },
            {
                "sender": SHORT_CODE,
                "kind": "short_code",
                "friendly_name": "Alerts",
                "limits": "A short code reaches phones of its own country only, and makes no "
                "calls.",
            },
        ],
    }


def test_numbers_are_listed_though_twilio_does_not_say_what_else_there_is(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    sandbox.faults.add("twilio", "status", status=403, match="GET /v1/Services")
    answer = api.get(PATH)
    assert (answer.status_code, answer.json()["senders"]) == (200, [])
    assert len(answer.json()["numbers"]) == 2


def test_twilio_is_asked_with_the_users_key_and_the_correlation_id(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    api.get(PATH, headers={"X-Correlation-ID": "numbers-1"})
    arrived = sandbox.requests("twilio")
    assert [(one.method, one.path) for one in arrived] == [
        ("GET", NUMBERS),
        ("GET", "/v1/Services"),
        ("GET", f"/2010-04-01/Accounts/{ACCOUNT_SID}/SMS/ShortCodes.json"),
    ]
    assert {one.headers["x-correlation-id"] for one in arrived} == {"numbers-1"}
    assert AUTH_TOKEN not in str(arrived)


def test_without_credentials_it_says_so_and_asks_no_provider(
    api: APIClient, sandbox: Sandbox
) -> None:
    answer = api.get(PATH)
    assert answer.status_code == 400
    assert answer.json()["code"] == "credentials_missing"
    assert answer.json()["detail"] == "Twilio credentials not configured. Add them in Settings."
    assert sandbox.requests("twilio") == []


def test_a_stranger_does_not_see_them(strangers_api: APIClient, twilio_user: User) -> None:
    assert strangers_api.get(PATH).json()["code"] == "credentials_missing"


def test_without_a_login_they_are_not_shown(twilio_user: User) -> None:
    answer = APIClient().get(PATH)
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_authenticated"


def test_a_wrong_token_is_answered_with_twilios_own_challenge_and_never_opens_the_breaker(
    api: APIClient, user: User, settings: Any
) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 100
    store(user, auth_token="not-the-token")
    for _ in range(10):
        answer = api.get(PATH)
        assert answer.status_code == 401
        assert answer.json()["detail"] == REFUSED
        assert answer.json()["code"] == "provider_auth_failed"
        assert answer["WWW-Authenticate"] == 'Twilio realm="provider"'
        assert "not-the-token" not in answer.content.decode()
    assert dict_of_states()["twilio"] == "closed"


def test_an_api_key_is_used_instead_of_the_token_where_there_is_one(
    api: APIClient, user: User
) -> None:
    # The sandbox takes the token and no API key: its refusal shows which of the two was sent.
    store(user, api_key_sid="SK" + "1" * 32, api_key_secret="made-up-secret")
    assert api.get(PATH).json()["detail"] == REFUSED


def test_the_operators_variables_never_fill_gaps_of_a_user(
    monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", ACCOUNT_SID)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", AUTH_TOKEN)
    monkeypatch.setenv("TWILIO_REGION", "au1")
    half = TwilioClient(account_sid=ACCOUNT_SID, username=ACCOUNT_SID, password="")
    with pytest.raises(upstream.ProviderAuthFailed):
        half.numbers()


def test_pages_are_followed_up_to_the_bound(sandbox: Sandbox) -> None:
    client = TwilioClient(account_sid=ACCOUNT_SID, username=ACCOUNT_SID, password=AUTH_TOKEN)
    assert len(client.numbers(page_size=1)) == 2
    assert len(sandbox.requests("twilio")) == 2
    sandbox.clear_requests()
    assert len(client.numbers(page_size=1, most=1)) == 1
    assert len(sandbox.requests("twilio")) == 1


def test_the_pages_of_a_slow_list_share_one_deadline(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = upstream.door("twilio")
    monkeypatch.setattr(door, "policy", replace(door.policy, deadline=0.9))
    sandbox.faults.add("twilio", "slow", delay_ms=600)
    client = TwilioClient(account_sid=ACCOUNT_SID, username=ACCOUNT_SID, password=AUTH_TOKEN)
    with pytest.raises(upstream.ProviderUnreachable):
        client.numbers(page_size=1)


def test_empty_pages_that_name_a_next_one_are_not_followed_for_ever(
    api: APIClient, twilio_user: User, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = count(1)
    monkeypatch.setattr(
        provider,
        "page",
        lambda name, *_: {name: [], "next_page_uri": NUMBERS if next(pages) < 50 else None},
    )
    assert api.get(PATH).json()["numbers"] == []
    assert len([one for one in sandbox.requests("twilio") if one.path == NUMBERS]) == 5


def test_the_bound_is_a_thousand_numbers_in_five_requests() -> None:
    assert (client_module.MOST_NUMBERS, client_module.PAGE_SIZE) == (1000, 200)


@pytest.mark.parametrize(
    ("fault", "status", "detail"),
    [
        ({"kind": "status", "status": 500}, 502, FAILED),
        ({"kind": "reset"}, 502, FAILED),
        ({"kind": "garbage"}, 502, FAILED),
        (
            {"kind": "status", "status": 429},
            429,
            "Too many requests to Twilio. Please try again in a moment.",
        ),
        ({"kind": "status", "status": 404}, 404, "Twilio has no such resource in your account."),
        ({"kind": "status", "status": 403}, 401, REFUSED),
        (
            {"kind": "status", "status": 400},
            502,
            "Twilio did not accept AVA's request. Give your operator the correlation ID. "
            "See https://www.twilio.com/docs/errors/20001",
        ),
    ],
)
def test_each_fault_of_twilio_is_answered_with_a_sentence(
    api: APIClient,
    twilio_user: User,
    sandbox: Sandbox,
    fault: dict[str, Any],
    status: int,
    detail: str,
) -> None:
    sandbox.faults.add("twilio", **fault)
    answer = api.get(PATH)
    assert (answer.status_code, answer.json()["detail"]) == (status, detail)
    assert answer["Content-Type"] == "application/problem+json"


def test_a_refusal_nested_without_end_is_answered_with_a_sentence(
    api: APIClient, twilio_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider.Twilio, "answer", lambda *_: Answer(400, b"[" * 200_000))
    answer = api.get(PATH)
    assert answer.status_code == 502
    assert answer.json()["detail"] == (
        "Twilio did not accept AVA's request. Give your operator the correlation ID."
    )


def test_three_outages_open_the_breaker_and_the_fourth_request_never_reaches_twilio(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    sandbox.faults.add("twilio", "status", status=500)
    for number in range(3):
        answer = api.get(PATH, headers={"X-Correlation-ID": f"outage-{number}"})
        assert answer.status_code == 502
    reached = len(sandbox.requests("twilio"))
    answer = api.get(PATH)
    assert answer.status_code == 503
    assert answer.json()["code"] == "provider_unavailable"
    assert 1 <= answer.json()["retry_after"] <= 30
    assert answer["Retry-After"] == str(answer.json()["retry_after"])
    assert len(sandbox.requests("twilio")) == reached
    (event,) = BreakerEvent.objects.all()
    assert (event.provider, event.from_state, event.to_state) == ("twilio", "closed", "open")
    assert event.correlation_id == "outage-2"


def dict_of_states() -> dict[str, str]:
    return {door.service.label: door.breaker.snapshot().state for door in upstream.doors()}
