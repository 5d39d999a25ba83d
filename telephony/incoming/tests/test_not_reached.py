"""Callers whom no assistant takes: what they hear."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from ava.inbound import services
from ava.inbound.models import Delivery
from integrations.credentials.models import Credential
from sandbox.server import Sandbox
from telephony.conftest import CALLS, OURS, THEIRS, callback, run_jobs, store, until
from telephony.incoming.tests.conftest import listed
from telephony.incoming.tests.lines import ADDRESS, call_comes_in, vapi

GREETING = (
    "<Response><Say>Thank you for calling. Nobody can take your call right now. "
    "Please call again later.</Say></Response>"
)
RINGING = {"CallSid": "CA1", "From": THEIRS, "To": OURS, "CallStatus": "ringing"}


def came_in(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [call for call in listed(sandbox) if call["direction"] == "inbound"]


def details(api: APIClient) -> list[str]:
    """What is noted on the one call that came in."""
    run_jobs()
    [call] = api.get(CALLS, {"direction": "inbound"}).json()["results"]
    timeline = api.get(f"{CALLS}/{call['id']}").json()["timeline"]
    return [entry["detail"] for entry in timeline if entry["detail"]]


def test_a_caller_whose_assistant_is_gone_hears_the_greeting(
    ava: str, owner: User, sandbox: Sandbox, api: APIClient
) -> None:
    api.get("/api/v1/vapi/phone-numbers")  # AVA goes by this for a while
    numbers = vapi(sandbox, "GET", "/phone-number")
    [number] = [one for one in numbers if one.get("sipUri") == ADDRESS]
    vapi(sandbox, "DELETE", f"/phone-number/{number['id']}")
    call_comes_in(ava, sandbox)
    until(lambda: [call["status"] for call in came_in(sandbox)] == ["completed"])
    # Nobody picked up but the greeting.
    assert int(came_in(sandbox)[0]["duration"]) > 0
    until(lambda: details(api))
    assert details(api) == ["The assistant could not be reached (failed)."]


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled", "", "nonsense"])
def test_a_dial_that_reached_nobody_ends_with_the_greeting(
    ava: str, owner: User, api: APIClient, status: str
) -> None:
    assert "<Dial" in callback(ava, "voice", "", RINGING).text
    for _ in range(2):
        heard = callback(ava, "dial-status", "", {**RINGING, "DialCallStatus": status})
        assert (heard.status_code, heard.text) == (200, GREETING)
        assert heard.headers["Content-Type"].startswith("text/xml")
    word = status or "unknown"
    said = f"The assistant could not be reached ({word})."
    assert details(api) == [said]
    services.replay(Delivery.objects.filter(kind="dial-status"))
    assert details(api) == [said]


def test_after_the_dial_twilio_asks_for_the_account_that_took_the_call(
    ava: str, owner: User, stranger: User, api: APIClient
) -> None:
    """Another user has the same account, and has had it for longer."""
    store(stranger)
    Credential.objects.filter(user=stranger).update(created_at=owner.date_joined)
    mine = Credential.objects.get(user=owner, provider="twilio").pk
    heard = callback(ava, "voice", f"account={mine}", RINGING).text
    assert f'action="dial-status?account={mine}"' in heard
    callback(ava, "dial-status", f"account={mine}", {**RINGING, "DialCallStatus": "busy"})
    assert details(api) == ["The assistant could not be reached (busy)."]


@pytest.mark.parametrize("status", ["completed", "answered"])
def test_after_a_talk_nothing_more_is_said(
    ava: str, owner: User, api: APIClient, status: str
) -> None:
    callback(ava, "voice", "", RINGING)
    heard = callback(ava, "dial-status", "", {**RINGING, "DialCallStatus": status})
    assert heard.text == "<Response><Hangup/></Response>"
    assert details(api) == []


def test_nobody_else_says_how_a_dial_ended(ava: str, owner: User, api: APIClient) -> None:
    callback(ava, "voice", "", RINGING)
    fields = {**RINGING, "DialCallStatus": "failed"}
    assert callback(ava, "dial-status", "", fields, token="guessed").status_code == 403
    assert details(api) == []


def test_the_end_of_a_dial_of_a_call_that_nobody_knows_is_answered_all_the_same(
    ava: str, owner: User, api: APIClient
) -> None:
    fields = {**RINGING, "CallSid": "CA-unknown", "DialCallStatus": "busy"}
    assert callback(ava, "dial-status", "", fields).text == GREETING
    run_jobs()
    assert api.get(CALLS).json()["count"] == 0
