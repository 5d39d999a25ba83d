"""Signed reports of Vapi's on calls that AVA placed, through the address that Vapi calls."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from ava.inbound.models import Delivery
from integrations.credentials import services as credentials
from integrations.credentials.models import Credential
from sandbox.server import Sandbox
from sandbox.vapi import seed
from telephony.calls.assistant_calls import MARK
from telephony.conftest import CALLS, OURS, THEIRS, phone, run_jobs, store
from vapi_settings.tests.hooking import SECRET, payload, post

PAIR = {"to": THEIRS, "from": OURS}


@pytest.fixture
def caller(user: User, sandbox: Sandbox, settings: Any) -> User:
    settings.RATE_LIMIT_PER_MINUTE = 1000
    # The phone rings without end, so the sandbox reports nothing by itself.
    phone(sandbox, "answer", ring_ms=600_000)
    store(user)
    values = {"api_key": "vapi-demo-key", "webhook_secret": SECRET}
    credentials.save(user=user, provider="vapi", values=values, actor=user, source="api")
    return user


def place(api: APIClient, **more: Any) -> dict[str, Any]:
    answer = api.post(CALLS, PAIR | (more or {"assistant_id": seed.ASSISTANT_ID}))
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def shown(api: APIClient, call: dict[str, Any]) -> dict[str, Any]:
    return dict(api.get(f"{CALLS}/{call['id']}").json())


def report(
    call: dict[str, Any], name: str, *, about: dict[str, Any] | None = None, **said: Any
) -> None:
    """Vapi reports on a call.

    Args:
        about: what Vapi's call object says besides.
        said: what the message says besides.
    """
    body = payload(name, **said)
    body["message"]["call"] |= {
        "id": call["vapi_call_id"],
        "phoneCallProviderId": None,
        "assistantOverrides": {"metadata": {MARK: call["id"]}},
        **(about or {}),
    }
    account = Credential.objects.get(provider="vapi").pk
    answer = post(body, account=account, headers={"X-Vapi-Secret": SECRET})
    assert answer.status_code == 204, answer.content
    run_jobs()


def all_taken() -> bool:
    return {one.state for one in Delivery.objects.all()} == {Delivery.State.DONE}


def test_a_leg_that_is_another_calls_stays_there(api: APIClient, caller: User) -> None:
    said = place(api, say="Hello")
    talk = place(api)
    report(talk, "status_update", about={"phoneCallProviderId": said["provider_sid"]})
    assert all_taken()
    assert shown(api, said)["provider_sid"] == said["provider_sid"]
    assert shown(api, talk)["status"] == "in-progress"


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"phoneCallProviderId": "C" * 65}, {}),
        ({"transport": {"callSid": "C" * 102}}, {}),
        ({"endedAt": "9999-12-31T23:59:59Z"}, {"startedAt": "0001-01-01T00:00:00Z"}),
        ({}, {"cost": 123_456.7}),
        ({}, {"endedReason": "customer-ended-call" + "x" * 300}),
    ],
)
def test_a_report_with_something_that_no_column_holds_is_taken_without_it(
    api: APIClient, caller: User, about: dict[str, Any], said: dict[str, Any]
) -> None:
    talk = place(api)
    report(talk, "end_of_call_report", about=about, **said)
    assert all_taken()
    over = shown(api, talk)
    assert (over["status"], over["transcript"][:10]) == ("completed", "AI: Hello!")
    assert len(over["provider_sid"] or "") <= 64
    assert over["price"] is None or float(over["price"]) < 10_000


@pytest.mark.parametrize("kind", ["outboundPhoneCall", "inboundPhoneCall"])
def test_a_report_of_a_call_with_an_endless_name_is_passed_over(
    api: APIClient, caller: User, sandbox: Sandbox, kind: str
) -> None:
    # So that no fetch adds to the timeline.
    sandbox.faults.add("vapi", "status", status=429, match="GET /call")
    talk = place(api)
    report(talk, "status_update", about={"id": "x" * 100, "type": kind})
    assert all_taken()
    assert api.get(CALLS).json()["count"] == 1
    assert shown(api, talk)["timeline"] == talk["timeline"]


def test_a_call_that_came_in_ages_ago_by_vapis_clock_is_kept(api: APIClient, caller: User) -> None:
    came = {"vapi_call_id": "another", "id": ""}
    report(came, "status_update", about={"type": "inboundPhoneCall", "createdAt": "0001-01-01"})
    assert all_taken()
    assert api.get(CALLS).json()["count"] == 1


def test_what_an_ended_call_still_owes_is_asked_for_where_its_report_got_lost(
    api: APIClient, caller: User, sandbox: Sandbox
) -> None:
    talk = place(api)
    report(talk, "status_update_ended")
    assert shown(api, talk)["status"] == "completed"
    assert shown(api, talk)["transcript"] == ""
    vapi_has(sandbox, talk, transcript="AI: Hello!\n")
    run_jobs(seconds=25)
    assert shown(api, talk)["transcript"] == "AI: Hello!\n"
    assert shown(api, talk)["timeline"][-1]["status"] == "completed"


@pytest.mark.parametrize("fault", [False, True])
def test_it_is_asked_for_until_vapi_has_written_it_down(
    api: APIClient, caller: User, sandbox: Sandbox, fault: bool
) -> None:
    talk = place(api)
    report(talk, "status_update_ended")
    vapi_has(sandbox, talk)
    if fault:
        sandbox.faults.add("vapi", "status", match="GET /call")
    run_jobs(seconds=25)
    sandbox.faults.clear()
    vapi_has(sandbox, talk, transcript="AI: Hello!\n", recordingUrl="https://storage.vapi.ai/1.wav")
    run_jobs(seconds=65)
    assert shown(api, talk)["transcript"] == "AI: Hello!\n"
    assert shown(api, talk)["recording_url"] == "https://storage.vapi.ai/1.wav"


@pytest.mark.parametrize("ended", ["customer-ended-call", "customer-busy"])
def test_of_a_call_that_owes_nothing_nothing_is_asked(
    api: APIClient, caller: User, sandbox: Sandbox, ended: str
) -> None:
    talk = place(api)
    name = "status_update_ended" if ended == "customer-busy" else "end_of_call_report"
    report(talk, name, endedReason=ended)
    before = len(reads(sandbox))
    for seconds in (25, 65, 3700):
        run_jobs(seconds=seconds)
    assert len(reads(sandbox)) == before


def test_a_call_without_a_word_is_not_asked_for_for_ever(
    api: APIClient, caller: User, sandbox: Sandbox
) -> None:
    talk = place(api)
    report(talk, "status_update_ended")
    vapi_has(sandbox, talk)
    for minutes in range(0, 10 * 60, 7):
        run_jobs(seconds=minutes * 60)
    assert 3 <= len(reads(sandbox)) <= 6


def vapi_has(sandbox: Sandbox, call: dict[str, Any], **artifact: str) -> None:
    """Vapi knows it as ended, with this much written down."""
    fields = {"status": "ended", "endedReason": "customer-ended-call", "artifact": artifact}
    sandbox.vapi.calls.store.update(call["vapi_call_id"], fields)


def reads(sandbox: Sandbox) -> list[Any]:
    return [one for one in sandbox.requests("vapi") if one.path.startswith("/call/")]
