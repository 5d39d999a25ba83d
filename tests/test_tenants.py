"""One tenant's noise in another's room: what an outage, a flood or hanging calls of one cost."""

import uuid
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from prometheus_client import REGISTRY
from rest_framework.test import APIClient

from ava import tenant, upstream
from ava.jobs.models import Job
from ava.tenant import in_background
from integrations.breakers.models import BreakerEvent
from sandbox.server import Sandbox
from telephony.conftest import store

NUMBERS = "/api/v1/twilio/numbers"
EVES = "AC" + "e" * 32
FAILS = f"GET /2010-04-01/Accounts/{EVES}"


@pytest.fixture(autouse=True)
def _accounts(user: User, stranger: User, sandbox: Sandbox, settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000
    store(user)
    store(stranger, account_sid=EVES)


def state(client: APIClient) -> str:
    """Twilio's breaker as `GET /integrations` shows it to this user."""
    found = client.get("/api/v1/integrations").json()["results"]
    return str(next(one["breaker_state"] for one in found if one["provider"] == "twilio"))


def metric(name: str) -> float | None:
    return REGISTRY.get_sample_value(name, {"service": "twilio"})


def answers(client: APIClient, count: int) -> list[int]:
    return [client.get(NUMBERS).status_code for _ in range(count)]


def test_an_outage_that_one_tenant_alone_sees_costs_the_other_nothing(
    api: APIClient, strangers_api: APIClient, sandbox: Sandbox
) -> None:
    sandbox.faults.add("twilio", "status", status=500, match=FAILS)
    opens = metric("circuit_breaker_opens_total") or 0.0
    assert answers(strangers_api, 5) == [502, 502, 502, 503, 503]
    assert answers(api, 5) == [200] * 5
    assert (state(strangers_api), state(api)) == ("open", "closed")
    assert answers(strangers_api, 1) == [503]
    # Operators see it as any other outage.
    assert metric("circuit_breaker_state") == 2
    assert metric("circuit_breaker_opens_total") == opens + 1
    assert [event.to_state for event in BreakerEvent.objects.filter(provider="twilio")] == ["open"]


def test_a_real_outage_is_for_all_after_three_failures_of_the_others(
    api: APIClient, strangers_api: APIClient, sandbox: Sandbox
) -> None:
    sandbox.faults.add("twilio", "status", status=500)
    assert answers(strangers_api, 4) == [502, 502, 502, 503]
    assert answers(api, 4) == [502, 502, 502, 503]
    assert (state(strangers_api), state(api)) == ("open", "open")
    assert BreakerEvent.objects.filter(provider="twilio").count() == 1


def test_calls_of_one_tenant_that_hang_leave_half_of_the_slots(
    api: APIClient, strangers_api: APIClient, user: User, stranger: User
) -> None:
    bulkhead = upstream.door("twilio").bulkhead
    with ExitStack() as hanging, tenant.bind(tenant.key(stranger.pk)):
        while not bulkhead.is_full:
            hanging.enter_context(bulkhead.slot())
        assert bulkhead.in_use == bulkhead.size // 2
        refused = strangers_api.get(NUMBERS)
        assert (refused.status_code, refused.json()["code"]) == (503, "provider_busy")
        assert answers(api, 1) == [200]


def test_background_work_of_one_tenant_leaves_half_of_its_share_to_its_people(
    strangers_api: APIClient, user: User, stranger: User
) -> None:
    bulkhead = upstream.door("twilio").bulkhead
    with ExitStack() as held:
        with tenant.bind(tenant.key(stranger.pk)), in_background():
            while not bulkhead.is_full:
                held.enter_context(bulkhead.slot())
            assert bulkhead.in_use == bulkhead.size // 4
        with tenant.bind(tenant.key(user.pk)), in_background():
            assert not bulkhead.is_full
        assert strangers_api.get(NUMBERS).json().get("code") != "provider_busy"


def test_no_request_works_on_for_the_tenant_of_the_one_before(api: APIClient) -> None:
    api.get(NUMBERS)
    assert tenant.current() is None


def test_what_a_webhook_causes_is_done_for_the_user_whose_it_is(
    api: APIClient, user: User, client: Client, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://ava.example"
    secret = "between-vapi-and-ada-0123456789-abcdefgh"
    keys = {"api_key": "vapi-demo-key", "webhook_secret": secret}
    kept = api.put("/api/v1/integrations/vapi/credentials", keys).json()
    hook = urlsplit(kept["webhook_url"])
    call = {"id": str(uuid.uuid4()), "type": "inboundPhoneCall"}
    event = {"message": {"type": "status-update", "status": "in-progress", "call": call}}
    answer = client.post(
        f"{hook.path}?{hook.query}",
        event,
        content_type="application/json",
        headers={"X-Vapi-Secret": secret},
    )
    assert answer.status_code == 204
    assert list(Job.objects.values_list("kind", "tenant")) == [("dispatch_delivery", str(user.pk))]
    assert tenant.current() is None
