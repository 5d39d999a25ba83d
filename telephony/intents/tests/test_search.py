"""Search for what was lost: which records it takes for ours; queued ones, calls of Vapi's."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from ava import upstream
from ava.intents.timeline import Source
from integrations.credentials import services as credentials
from sandbox.server import Sandbox
from sandbox.vapi import seed
from telephony.calls.models import Call
from telephony.conftest import CALLS, MESSAGES, OURS, THEIRS, posts, rings, run_jobs
from telephony.intents import adoption
from telephony.intents.channel import ProviderRecord

pytestmark = pytest.mark.database

PAIR = {"to": THEIRS, "from": OURS}
BOTH = pytest.mark.parametrize(
    ("path", "body"), [(CALLS, {"say": "Hi"}), (MESSAGES, {"body": "Hi"})], ids=["call", "message"]
)
TWILIO = "POST /2010-04-01/Accounts/AC"


@pytest.fixture(autouse=True)
def _slow(sandbox: Sandbox, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One call in a thousand seconds: all but the first stay in the queue."""
    settings.RATE_LIMIT_PER_MINUTE = 1000
    for name in ("twilio", "vapi"):
        door = upstream.door(name)
        monkeypatch.setattr(door, "policy", replace(door.policy, deadline=2.0))
    order(sandbox, "pace", calls_per_second=0.001, text_ms=3_600_000)


@pytest.fixture
def caller(twilio_user: User) -> User:
    credentials.save(
        user=twilio_user,
        provider="vapi",
        values={"api_key": "vapi-demo-key"},
        actor=twilio_user,
        source="api",
    )
    return twilio_user


def order(sandbox: Sandbox, what: str, **body: Any) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/{what}", json=body, timeout=5)
    assert answer.ok, answer.text


def talk(sandbox: Sandbox) -> str:
    """Vapi has to call the same person over the same number, not by AVA. The leg's SID."""
    [number] = [one["id"] for one in seed.PHONE_NUMBERS if one.get("number") == OURS]
    answer = requests.post(
        f"{sandbox.url}/vapi/call",
        json={
            "assistantId": seed.ASSISTANT_ID,
            "phoneNumberId": number,
            "customer": {"number": THEIRS},
        },
        headers={"Authorization": "Bearer vapi-demo-key"},
        timeout=5,
    )
    assert answer.ok, answer.text
    return str(answer.json()["phoneCallProviderId"])


def lost(api: APIClient, sandbox: Sandbox, when: str, text: str | None = None) -> str:
    """A call, or a message, whose answer gets lost, before or after Twilio has taken it."""
    api.get("/api/v1/twilio/numbers")
    sandbox.faults.add("twilio", "reset", when=when, count=1, match=TWILIO)
    path, body = (MESSAGES, {"body": text}) if text else (CALLS, {"say": "Hi"})
    answer = api.post(path, PAIR | body)
    assert answer.status_code == 202, answer.content
    return str(answer.json()["id"])


def shown(api: APIClient, key: str, path: str = CALLS) -> dict[str, Any]:
    return dict(api.get(f"{path}/{key}").json())


@BOTH
def test_what_still_waits_in_twilios_queue_is_found(
    api: APIClient, twilio_user: User, sandbox: Sandbox, path: str, body: dict[str, str]
) -> None:
    assert api.post(path, PAIR | body).status_code == 201
    sandbox.faults.add("twilio", "reset", when="after", count=1, match=TWILIO)
    key = api.post(path, PAIR | body).json()["id"]
    for seconds in (21, 32):
        run_jobs(seconds=seconds)
    found = shown(api, key, path)
    assert found["status"] == "queued"
    assert found["provider_sid"]
    assert len(posts(sandbox)) == 2
    assert len(rings(sandbox)) <= 1


def test_a_text_is_not_taken_for_the_end_of_another(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    yes = lost(api, sandbox, "before", "Yes")
    oh_yes = lost(api, sandbox, "after", "Oh Yes")
    for seconds in (21, 32, 43):
        run_jobs(seconds=seconds)
    assert [parse_qs(one.body)["Body"] for one in posts(sandbox)] == [["Yes"], ["Oh Yes"], ["Yes"]]
    found = [shown(api, key, MESSAGES)["provider_sid"] for key in (yes, oh_yes)]
    assert all(found)


def test_a_text_is_found_behind_the_words_of_a_trial_account(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    key = lost(api, sandbox, "after", "Yes ")
    [taken] = sandbox.twilio.messages._messages.values()
    taken.body = f"Sent from your Twilio trial account - {taken.body}"
    run_jobs(seconds=21)
    assert shown(api, key, MESSAGES)["provider_sid"] == taken.sid


def test_a_call_of_vapis_over_the_same_number_is_never_taken_for_ours(
    api: APIClient, caller: User, sandbox: Sandbox
) -> None:
    key = lost(api, sandbox, "before")
    leg = talk(sandbox)
    for seconds in (21, 32):
        run_jobs(seconds=seconds)
    found = shown(api, key)
    assert found["provider_sid"] not in (None, leg)
    assert [entry["detail"] for entry in found["timeline"]].count("attempt 2") == 1


def test_ours_is_found_beside_a_call_of_vapis(
    api: APIClient, caller: User, sandbox: Sandbox
) -> None:
    talk(sandbox)
    key = lost(api, sandbox, "after")
    leg = talk(sandbox)
    run_jobs(seconds=21)
    assert shown(api, key)["provider_sid"] not in (None, leg)
    assert len(posts(sandbox)) == 1


def test_nothing_is_decided_while_vapi_does_not_tell_which_calls_are_its_own(
    api: APIClient, caller: User, sandbox: Sandbox
) -> None:
    key = lost(api, sandbox, "before")
    talk(sandbox)
    sandbox.faults.add("vapi", "status", status=500)
    for seconds in (21, 40, 60):
        run_jobs(seconds=seconds)
    assert shown(api, key)["status"] == "unknown"
    assert len(posts(sandbox)) == 1


def test_a_leg_that_was_guessed_is_given_back_when_vapi_names_it(
    api: APIClient, caller: User, sandbox: Sandbox
) -> None:
    guessing = Call.objects.get(pk=lost(api, sandbox, "before"))
    now = guessing.created_at
    adoption.adopt(
        guessing, ProviderRecord("CA-leg", "queued"), source=Source.RECONCILE, proven=False, now=now
    )
    talking = api.post(CALLS, PAIR | {"assistant_id": seed.ASSISTANT_ID}).json()
    leg_rings = ProviderRecord(talking["vapi_call_id"], "ringing", provider_sid="CA-leg")
    adoption.adopt(
        Call.objects.get(pk=talking["id"]), leg_rings, source=Source.CALLBACK, proven=True, now=now
    )
    assert shown(api, talking["id"])["provider_sid"] == "CA-leg"
    assert (shown(api, str(guessing.pk))["status"]) == "unknown"
    assert shown(api, str(guessing.pk))["provider_sid"] is None


@BOTH
def test_a_search_that_twilio_did_not_answer_is_made_again_soon(
    api: APIClient, caller: User, sandbox: Sandbox, path: str, body: dict[str, str]
) -> None:
    api.get("/api/v1/twilio/numbers")
    sandbox.faults.add("twilio", "reset", when="after", count=1, match=TWILIO)
    key = api.post(path, PAIR | body).json()["id"]
    sandbox.faults.add("twilio", "status", status=500, match="GET /2010-04-01")
    run_jobs(seconds=21)
    sandbox.faults.clear()
    assert api.get(f"{path}/{key}").json()["status"] == "unknown"
    run_jobs(seconds=28)
    assert api.get(f"{path}/{key}").json()["provider_sid"]
