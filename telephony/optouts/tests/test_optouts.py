"""Opt-outs hold for calls and messages alike; users see and change them."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from ava.inbound.models import Delivery
from integrations.credentials import services as credentials
from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from sandbox.vapi import seed
from telephony.conftest import (
    CALLS,
    MESSAGES,
    OURS,
    SUPPORT,
    THEIRS,
    callback,
    posts,
    rings,
    run_jobs,
    store,
)
from vapi_settings.conftest import store_key

pytestmark = pytest.mark.database

OPT_OUTS = "/api/v1/twilio/opt-outs"
OTHER = "+14155550199"
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "a message": (MESSAGES, {"body": "News"}),
    "a call": (CALLS, {"say": "News"}),
    "a call by TwiML": (CALLS, {"twiml": "<Response><Say>Hi</Say></Response>"}),
    "a call by an assistant": (CALLS, {"assistant_id": seed.ASSISTANT_ID}),
}
EACH_WAY = pytest.mark.parametrize(("path", "body"), WAYS.values(), ids=WAYS)


@pytest.fixture(autouse=True)
def _unlimited(settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000


@pytest.fixture
def ava(live_server: LiveServer, sandbox: Sandbox) -> str:
    return str(live_server.url)


@pytest.fixture
def caller(twilio_user: User, sandbox: Sandbox) -> User:
    store_key(twilio_user)
    return twilio_user


@pytest.fixture
def operators_account(settings: Any, sandbox: Sandbox) -> None:
    settings.FLAGS = {**settings.FLAGS, "ALLOW_ENV_CREDENTIALS": True}
    settings.OPERATOR_CREDENTIALS = {
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
    }


def write(ava: str, word: str, *, of: str = THEIRS, to: str = OURS) -> None:
    form = {
        "MessageSid": f"SM{Delivery.objects.count()}",
        "From": of,
        "To": to,
        "Body": word,
        "SmsStatus": "received",
    }
    assert callback(ava, "message", "", form).ok
    run_jobs()


def listed(api: APIClient, **query: str) -> list[str]:
    return [one["number"] for one in api.get(OPT_OUTS, query).json()["results"]]


def asked(sandbox: Sandbox) -> list[Any]:
    return [*posts(sandbox), *(one for one in sandbox.requests("vapi") if one.method == "POST")]


@EACH_WAY
def test_nothing_reaches_a_person_on_the_list(
    api: APIClient, caller: User, sandbox: Sandbox, path: str, body: dict[str, Any]
) -> None:
    assert api.post(OPT_OUTS, {"number": THEIRS}).status_code == 201
    for number in (OURS, SUPPORT):
        refused = api.post(path, {"to": THEIRS, "from": number, **body})
        assert (refused.status_code, refused.json()["code"]) == (409, "recipient_opted_out")
        assert refused.json()["detail"] == (
            "This person is on your list of opt-outs. Take them off first."
        )
    assert asked(sandbox) == []
    assert api.get(path).json()["count"] == 0
    assert api.delete(f"{OPT_OUTS}/{THEIRS}").status_code == 204
    assert api.post(path, {"to": THEIRS, "from": OURS, **body}).status_code == 201


@EACH_WAY
def test_a_stop_by_sms_holds_for_every_way_and_number_until_a_start(
    api: APIClient, caller: User, ava: str, sandbox: Sandbox, path: str, body: dict[str, Any]
) -> None:
    write(ava, "STOP", to=SUPPORT)
    refused = api.post(path, {"to": THEIRS, "from": OURS, **body})
    assert (refused.status_code, refused.json()["code"]) == (409, "recipient_opted_out")
    assert refused.json()["detail"].startswith("This person has opted out with STOP.")
    assert asked(sandbox) == []
    [row] = api.get(OPT_OUTS).json()["results"]
    assert (row["number"], row["source"], row["wrote_to"]) == (THEIRS, "stop", SUPPORT)
    write(ava, "START", to=SUPPORT)
    assert listed(api) == []
    assert api.post(path, {"to": THEIRS, "from": OURS, **body}).status_code == 201


@EACH_WAY
def test_what_is_for_later_is_not_done_to_who_has_opted_out_meanwhile(
    api: APIClient, caller: User, sandbox: Sandbox, path: str, body: dict[str, Any]
) -> None:
    when = (timezone.now() + timedelta(hours=1)).isoformat()
    later = api.post(path, {"to": THEIRS, "from": OURS, "send_at": when, **body})
    api.post(OPT_OUTS, {"number": THEIRS})
    run_jobs(seconds=3601)
    found = api.get(f"{path}/{later.json()['id']}").json()
    assert found["status"] == "failed"
    assert found["error"].startswith("This person is on your list of opt-outs.")
    assert asked(sandbox) == []
    assert rings(sandbox) == []


def test_a_stop_by_whatsapp_holds_for_the_phone(api: APIClient, caller: User, ava: str) -> None:
    write(ava, "STOP", of=f"whatsapp:{THEIRS}", to=f"whatsapp:{OURS}")
    assert listed(api) == [THEIRS]
    assert api.post(CALLS, {"to": THEIRS, "from": OURS, "say": "Hi"}).status_code == 409


@pytest.mark.parametrize(
    "word", ["STOP\u200b", "\u202aStop\u202c", "\uff33\uff34\uff2f\uff30", "S\u00adTOP\u00a0!"]
)
def test_a_stop_holds_with_characters_in_it_that_show_as_nothing(
    api: APIClient, caller: User, ava: str, word: str
) -> None:
    write(ava, word)
    assert listed(api) == [THEIRS]


def test_the_list_is_the_users_own_newest_first_and_searched(
    api: APIClient, strangers_api: APIClient, caller: User, stranger: User
) -> None:
    for number in (THEIRS, OTHER):
        assert api.post(OPT_OUTS, {"number": number}).status_code == 201
    again = api.post(OPT_OUTS, {"number": "tel:+1 (415) 555-0123"})
    assert (again.status_code, again.json()["number"]) == (200, THEIRS)
    assert listed(api) == [OTHER, THEIRS]
    assert listed(api, search="0199") == [OTHER]
    # A plus that is not escaped arrives as a blank.
    for prefix in ("", "whatsapp:"):
        for plus in ("+", " "):
            assert listed(api, search=f"{prefix}{plus}{OTHER[1:]}") == [OTHER]
    assert api.get(OPT_OUTS, {"limit": 1}).json()["count"] == 2
    assert listed(strangers_api) == []
    assert strangers_api.delete(f"{OPT_OUTS}/{THEIRS}").status_code == 404
    store(stranger)
    assert strangers_api.post(CALLS, {"to": THEIRS, "from": OURS, "say": "Hi"}).status_code == 201


@pytest.mark.parametrize("written", ["%2B14155550123", "+14155550123", " +1 415 555-0123"])
def test_a_person_is_taken_off_by_the_number_however_it_is_written(
    api: APIClient, caller: User, written: str
) -> None:
    api.post(OPT_OUTS, {"number": THEIRS})
    assert api.delete(f"{OPT_OUTS}/{written}").status_code == 204
    gone = api.delete(f"{OPT_OUTS}/{written}")
    assert (gone.status_code, gone.json()["code"]) == (404, "opt_out_not_found")


def test_a_person_is_put_on_the_list_as_a_row_shows_them(api: APIClient, caller: User) -> None:
    assert api.post(OPT_OUTS, {"number": f"whatsapp:{THEIRS}"}).json()["number"] == THEIRS
    assert listed(api) == [THEIRS]


def test_what_is_no_number_goes_on_no_list(api: APIClient, caller: User) -> None:
    for wrong in ("12", "", None, "SUPPORT"):
        assert api.post(OPT_OUTS, {"number": wrong}).status_code == 400
    assert listed(api) == []


def test_a_stop_that_is_replayed_does_not_bring_back_who_was_taken_off(
    api: APIClient, caller: User, ava: str
) -> None:
    write(ava, "STOP")
    assert api.delete(f"{OPT_OUTS}/{THEIRS}").status_code == 204
    [stop] = Delivery.objects.filter(payload__form__Body="STOP")
    call_command("replay_deliveries", str(stop.pk))
    run_jobs()
    assert listed(api) == []
    write(ava, "Stop")
    assert listed(api) == [THEIRS]


def test_a_start_takes_back_what_the_user_entered_too(
    api: APIClient, caller: User, ava: str
) -> None:
    api.post(OPT_OUTS, {"number": THEIRS})
    write(ava, "START")
    assert listed(api) == []


def test_a_stop_to_the_operators_number_is_shown_to_who_reached_that_person_and_no_one_else(
    api: APIClient,
    strangers_api: APIClient,
    user: User,
    stranger: User,
    operators_account: None,
    ava: str,
) -> None:
    message = {"to": THEIRS, "from": OURS, "body": "News"}
    assert api.post(MESSAGES, message).status_code == 201
    write(ava, "STOP")
    assert (listed(api), listed(strangers_api)) == ([THEIRS], [])
    # Twilio refuses it to all who share the number.
    for each in (api, strangers_api):
        assert each.post(MESSAGES, message).json()["code"] == "recipient_opted_out"
        kept = each.delete(f"{OPT_OUTS}/{THEIRS}")
        assert (kept.status_code, kept.json()["code"]) == (409, "opt_out_not_yours")
    # It was this user's message that they did not want: with an account of their own it holds, too.
    for each in (user, stranger):
        store(each)
    assert api.post(MESSAGES, message).json()["code"] == "recipient_opted_out"
    assert strangers_api.post(MESSAGES, message).status_code == 201
    write(ava, "START")
    assert listed(api) == []


def test_without_twilio_an_assistants_calls_obey_the_list(
    api: APIClient, user: User, sandbox: Sandbox
) -> None:
    credentials.save(user=user, provider="vapi", values={"api_key": "vapi-demo-key"}, actor=user)
    api.post(OPT_OUTS, {"number": THEIRS})
    body = {"to": THEIRS, "from": OURS, "assistant_id": seed.ASSISTANT_ID}
    assert api.post(CALLS, body).json()["code"] == "recipient_opted_out"
