"""Calls in which a Vapi assistant talks, with the sandbox playing Vapi."""

import uuid
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from integrations.credentials import services as credentials
from sandbox.server import Sandbox
from sandbox.vapi import seed
from telephony.calls.assistant_calls import MARK
from telephony.calls.models import Call
from telephony.conftest import CALLS, OURS, THEIRS, phone, rings, run_jobs, until
from telephony.incoming import vapi_events
from vapi_settings.calls.events import STATUS_UPDATE, VapiEvent
from vapi_settings.conftest import store_key
from vapi_settings.tests.scripted import scripted_vapi

ASK = {"to": THEIRS, "from": OURS, "assistant_id": seed.ASSISTANT_ID}
POST = "POST /call"


@pytest.fixture
def caller(user: User, sandbox: Sandbox, settings: Any) -> User:
    settings.RATE_LIMIT_PER_MINUTE = 1000
    values = {"api_key": "vapi-demo-key", "webhook_secret": "planted-hook-0004"}
    credentials.save(user=user, provider="vapi", values=values, actor=user, source="api")
    return user


def place(api: APIClient, status: int = 201, **more: Any) -> dict[str, Any]:
    answer = api.post(CALLS, ASK | more)
    assert answer.status_code == status, answer.content
    return dict(answer.json())


def ended(api: APIClient, call: str) -> dict[str, Any]:
    """Let the time go by until it has ended."""
    leaps = count(30, 300)

    def shown() -> dict[str, Any]:
        return dict(api.get(f"{CALLS}/{call}").json())

    def over() -> bool:
        run_jobs(seconds=next(leaps))
        return bool(shown()["ended_reason"])

    until(over)
    return shown()


def test_a_call_by_the_assistant_ends_with_transcript_and_cost(
    api: APIClient, caller: User, sandbox: Sandbox
) -> None:
    placed = place(api)
    assert (placed["provider"], placed["kind"]) == ("vapi", "assistant")
    assert placed["vapi_call_id"]
    over = ended(api, placed["id"])
    assert over["status"] == "completed"
    assert over["transcript"]
    assert over["recording_url"].startswith("https://")
    assert float(over["price"]) > 0
    assert over["price_unit"] == "USD"
    assert over["provider_sid"].startswith("CA")
    assert len(rings(sandbox)) == 1


def test_what_vapi_reports_lands_on_the_call(
    api: APIClient, caller: User, sandbox: Sandbox, settings: Any, live_server: LiveServer
) -> None:
    settings.PUBLIC_URL = live_server.url
    # An assistant with a server of its own keeps it.
    sandbox.vapi.change_assistant(seed.ASSISTANT_ID, server={})
    # So that no fetch can overtake a report.
    sandbox.faults.add("vapi", "status", status=429, match="GET /call")
    placed = place(api)

    def shown() -> dict[str, Any]:
        run_jobs()
        return dict(api.get(f"{CALLS}/{placed['id']}").json())

    until(lambda: shown()["transcript"])
    over = shown()
    assert over["status"] == "completed"
    assert {entry["source"] for entry in over["timeline"]} <= {"api", "callback"}
    assert {entry["correlation_id"] for entry in over["timeline"]} == {over["correlation_id"]}


@pytest.mark.parametrize(("behaviour", "status"), [("busy", "busy"), ("no-answer", "no-answer")])
def test_a_phone_that_is_not_answered_has_the_same_status(
    api: APIClient, caller: User, sandbox: Sandbox, behaviour: str, status: str
) -> None:
    phone(sandbox, behaviour)
    assert ended(api, place(api)["id"])["status"] == status


@pytest.mark.parametrize("mute", [False, True])
def test_where_the_assistant_reports_elsewhere_the_first_look_comes_soon(
    api: APIClient, caller: User, sandbox: Sandbox, settings: Any, mute: bool
) -> None:
    settings.PUBLIC_URL = "" if mute else "https://ava.example"
    phone(sandbox, "busy")
    placed = place(api)
    at_vapi = sandbox.vapi.calls.store.get
    until(lambda: (at_vapi(placed["vapi_call_id"]) or {})["status"] == "ended")
    run_jobs(seconds=3)
    assert api.get(f"{CALLS}/{placed['id']}").json()["status"] == "busy"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_is_found_by_the_mark_or_placed_again(
    api: APIClient, caller: User, sandbox: Sandbox, when: str
) -> None:
    sandbox.faults.add("vapi", "reset", when=when, count=1, match=POST)
    placed = place(api, 202)
    assert placed["status"] == "unknown"
    run_jobs(seconds=21)
    run_jobs(seconds=32)
    assert ended(api, placed["id"])["status"] == "completed"
    assert len(rings(sandbox)) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_another_organisation_that_has_no_trace_of_it_is_no_reason_to_call_again(
    api: APIClient, caller: User, sandbox: Sandbox, settings: Any, when: str
) -> None:
    sandbox.faults.add("vapi", "reset", when=when, count=1, match=POST)
    placed = place(api, 202)
    theirs = settings.VAPI_BASE_URL
    with scripted_vapi() as other:
        for path in ("/call", "/phone-number", "/assistant"):
            other.on("GET", path, 200, [])
        settings.VAPI_BASE_URL = other.url
        store_key(caller, api_key="of-another-organisation")
        for seconds in (21, 32, 60, 300, 1300):
            run_jobs(seconds=seconds)
        assert other.bodies("POST", "/call") == []
    found = api.get(f"{CALLS}/{placed['id']}").json()
    assert (found["status"], found["error"][:34]) == (
        "unknown",
        "This began in a Vapi organisation ",
    )
    settings.VAPI_BASE_URL = theirs
    store_key(caller)
    for seconds in (2300, 2400):
        run_jobs(seconds=seconds)
    found = api.get(f"{CALLS}/{placed['id']}").json()
    assert bool(found["vapi_call_id"]) == (when == "after")
    assert found["status"] != "unknown"


def test_a_number_that_vapi_does_not_know_is_refused(
    api: APIClient, caller: User, sandbox: Sandbox
) -> None:
    body = place(api, 400, **{"from": "+15005550010"})
    assert "from" in body["errors"]
    assert rings(sandbox) == []


def test_an_unknown_assistant_is_refused(api: APIClient, caller: User, sandbox: Sandbox) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    assert place(api, 404, assistant_id=unknown)["code"] == "assistant_not_found"
    assert rings(sandbox) == []


def test_a_running_one_is_hung_up(api: APIClient, caller: User, sandbox: Sandbox) -> None:
    phone(sandbox, "answer", ring_ms=60_000)
    placed = place(api)
    answer = api.post(f"{CALLS}/{placed['id']}/hangup")
    assert answer.status_code in (200, 202, 409), answer.content
    assert api.get(f"{CALLS}/{placed['id']}").json()["timeline"][-1]["source"] == "user"


def test_one_that_takes_no_orders_yet_is_hung_up_as_soon_as_it_does(
    api: APIClient, caller: User, sandbox: Sandbox
) -> None:
    phone(sandbox, "answer", ring_ms=60_000)
    placed = place(api)
    store, key = sandbox.vapi.calls.store, placed["vapi_call_id"]
    monitor = (store.get(key) or {})["monitor"]
    store.update(key, {"monitor": {}})
    refused = api.post(f"{CALLS}/{placed['id']}/hangup")
    assert (refused.status_code, refused.json()["code"]) == (409, "vapi_call_not_controllable")
    run_jobs(seconds=3)
    store.update(key, {"monitor": monitor})

    def is_over() -> bool:
        run_jobs(seconds=20)
        return (store.get(key) or {})["status"] == "ended"

    until(is_over)


def reported_by_vapi(owner: User, **more: Any) -> VapiEvent:
    """A status-update about a call that was not picked up, half an hour ago by Vapi's clock."""
    blank = ("cost", "transcript", "recording_url", "summary", "provider_sid", "started_at")
    said: dict[str, Any] = {
        **dict.fromkeys([*blank, "ended_at"]),
        "owner": owner,
        "type": STATUS_UPDATE,
        "status": "ended",
        "at": timezone.now() - timedelta(minutes=30),
        "ended_reason": "customer-busy",
        "inbound": False,
        "person": THEIRS,
        "number": OURS,
        "assistant_id": seed.ASSISTANT_ID,
        "phone_number_id": None,
        "created_at": timezone.now(),
        "metadata": {},
        "control_url": "",
    }
    return VapiEvent(**said | more)


@pytest.mark.parametrize("mark", ["x" * 36, "", str(uuid.UUID(int=1))])
def test_a_report_with_a_mark_that_is_none_of_avas_is_passed_over(
    api: APIClient, caller: User, mark: str
) -> None:
    placed = place(api)
    vapi_events.apply(reported_by_vapi(caller, id="another", metadata={MARK: mark}))
    assert api.get(f"{CALLS}/{placed['id']}").json()["timeline"] == placed["timeline"]
    assert Call.objects.count() == 1


def test_the_timeline_goes_by_avas_own_clock(api: APIClient, caller: User) -> None:
    placed = place(api)
    vapi_events.apply(reported_by_vapi(caller, id=placed["vapi_call_id"]))
    found = api.get(f"{CALLS}/{placed['id']}").json()
    assert found["status"] == "busy"
    times = [entry["at"] for entry in found["timeline"]]
    assert times == sorted(times)
    assert found["updated_at"] == times[-1]
