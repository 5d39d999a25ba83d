"""What Vapi's signed reports say of calls that AVA placed, through the address that Vapi calls."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from ava.inbound.models import Delivery
from integrations.credentials import services as credentials
from integrations.credentials.models import Credential
from sandbox.server import Sandbox
from sandbox.vapi import seed
from telephony.calls.channels import MARK
from telephony.conftest import CALLS, OURS, THEIRS, run_jobs, store
from vapi_settings.tests.hooking import SECRET, payload, post

PAIR = {"to": THEIRS, "from": OURS}


@pytest.fixture
def caller(user: User, sandbox: Sandbox, settings: Any) -> User:
    settings.RATE_LIMIT_PER_MINUTE = 1000
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
    api: APIClient, caller: User, kind: str
) -> None:
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
