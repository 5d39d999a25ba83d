"""`manage.py explain`: the story of a correlation ID for the operator."""

import json
from contextlib import ExitStack
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from ava import upstream
from ava.activity.models import Activity
from ava.inbound.models import Refusal
from sandbox.server import Sandbox
from vapi_settings.conftest import store_key

pytestmark = pytest.mark.django_db(transaction=True)

TEMPERATURE = "/api/v1/vapi/settings/temperature"


@pytest.fixture
def ada(api: APIClient, user: User, sandbox: Sandbox, settings: Any) -> APIClient:
    settings.RATE_LIMIT_PER_MINUTE = 100_000
    store_key(user)
    return api


def edit(client: APIClient, correlation_id: str, value: float = 0.5) -> Any:
    headers = {"X-Correlation-ID": correlation_id}
    return client.put(TEMPERATURE, {"value": value}, format="json", headers=headers)


def explain(*arguments: str) -> str:
    said = StringIO()
    call_command("explain", *arguments, stdout=said)
    return said.getvalue()


def test_a_failure_is_told_with_the_providers_answer_cause_and_remedy(
    ada: APIClient, user: User, sandbox: Sandbox
) -> None:
    sandbox.faults.add("vapi", "status", match="GET /assistant", status=500)
    assert edit(ada, "story-1").status_code == 502
    said = explain("story-1")
    assert said.startswith("Correlation ID story-1\nIt failed.\n")
    assert f"UTC, {user.get_username()}" in said
    assert "Connection to Vapi failed. Please try again later." in said
    assert "answered 500. AVA tried 3 times within" in " ".join(said.split())
    assert said.index("Cause ") < said.index("Remedy ")
    assert "\x1b" not in said


def test_a_refused_key_says_where_to_replace_it(ada: APIClient, user: User) -> None:
    store_key(user, api_key="a-wrong-key")
    assert edit(ada, "story-2").status_code == 401
    said = explain(" story-2 ")
    assert "The provider refused the key." in said
    assert "Replace it in Settings." in said


def test_who_met_an_open_breaker_is_led_to_what_opened_it(ada: APIClient, sandbox: Sandbox) -> None:
    sandbox.faults.add("vapi", "status", match="GET /assistant", status=500)
    for number in range(4):
        edit(ada, f"outage-{number}")
    said = explain("outage-3")
    assert "Vapi was not asked" in said
    assert "Vapi: closed to open, 3 failures in a row" in said
    assert said.endswith("See also  manage.py explain outage-2\n")
    page = ada.get("/api/v1/activity/outage-3").content.decode()
    assert "3 failures in a row" in page
    assert "outage-2" not in page  # may be another user's


def test_who_met_a_full_bulkhead_may_try_again_in_a_moment(ada: APIClient, browser: Client) -> None:
    bulkhead = upstream.door("vapi").bulkhead
    with ExitStack() as others:
        while not bulkhead.is_full:
            others.enter_context(bulkhead.slot())
        assert edit(ada, "crowd").json()["code"] == "provider_busy"
    page = browser.get("/activity/crowd").content.decode().replace("&#x27;", "'")
    for told in (explain("crowd"), page):
        one_line = " ".join(told.split())
        assert "Vapi was not asked: Vapi is busy. Please try again in a moment." in one_line
        assert "AVA had as many requests under way to this provider as it may have." in one_line
        assert "Try again in a moment." in one_line.partition("as it may have.")[2]


def test_an_id_that_two_users_chose_has_a_story_for_each(ada: APIClient, user: User) -> None:
    edit(ada, "order-1")
    other = APIClient()
    other.force_authenticate(User.objects.create_user("eve"))
    other.get("/api/v1/activity?kind=none", headers={"X-Correlation-ID": "order-1"})
    said = explain("order-1")
    assert said.index(f"UTC, {user.get_username()}") < said.index("UTC, eve")
    assert said.count("It was done.") == 1


def test_what_has_rows_of_its_own_is_told_after_the_activity_is_pruned(ada: APIClient) -> None:
    edit(ada, "old-1")
    explain("old-1")  # writes what waits
    Activity.objects.all().delete()
    assert "temperature of assistant" in explain("old-1")


def test_a_webhook_with_a_wrong_signature_is_the_operators_to_see(
    ada: APIClient, user: User
) -> None:
    Refusal.objects.create(
        at=timezone.now(),
        provider="twilio",
        kind="voice",
        owner=user,
        reason="The signature is wrong.",
        correlation_id="hook-1",
    )
    said = explain("hook-1")
    assert "nobody's own" in said
    assert "Webhook: twilio voice: The signature is wrong." in said
    assert "explain_webhook" in said
    assert ada.get("/api/v1/activity/hook-1").json()["entries"] == []


def test_an_unknown_id_says_what_may_have_happened(ada: APIClient) -> None:
    with pytest.raises(CommandError, match=r"Nothing carries the ID never-seen.*30 days") as end:
        explain("never-seen")
    assert end.value.returncode == 1


def test_for_programs_it_is_json(ada: APIClient, user: User) -> None:
    edit(ada, "story-3")
    found = json.loads(explain("story-3", "--json"))
    assert found["correlation_id"] == "story-3"
    [story] = found["stories"]
    assert (story["user"], story["tone"]) == (user.get_username(), "good")
    api = ada.get("/api/v1/activity/story-3").json()["entries"]
    assert story["entries"] == api


def test_the_page_and_the_command_say_the_same(
    ada: APIClient, user: User, browser: Any, sandbox: Sandbox
) -> None:
    sandbox.faults.add("vapi", "status", match="GET /assistant", status=500)
    edit(ada, "story-4")
    [story] = json.loads(explain("story-4", "--json"))["stories"]
    page = browser.get("/activity/story-4").content.decode().replace("&#x27;", "'")
    for sentence in (story["outcome"], story["cause"], story["remedy"]):
        assert sentence in page
    assert all(sentence in page for _, sentence in story["facts"])
