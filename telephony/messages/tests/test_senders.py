"""Messages from names, short codes and Messaging Services; calls come from numbers alone."""

from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from sandbox.server import Sandbox
from sandbox.twilio.senders import SERVICE_SID, SHORT_CODE
from sandbox.vapi import seed
from telephony.conftest import (
    CALLS,
    MESSAGES,
    THEIRS,
    posts,
    run_jobs,
    store,
    texts,
    until,
)
from telephony.twilio.transport import base_url_of
from vapi_settings.conftest import store_key

pytestmark = pytest.mark.database

ABROAD = "+4915112345678"
SENDERS = {"a name": "SUPPORT", "a short code": SHORT_CODE, "a service": SERVICE_SID}
EACH = pytest.mark.parametrize("sender", SENDERS.values(), ids=SENDERS)
ONLY_NUMBERS = (
    "Calls come from a phone number. A name, a short code or a Messaging Service has none."
)
NO_NAMES = "The United States and Canada take no SMS from a name."


@pytest.fixture(autouse=True)
def _unlimited(twilio_user: User, sandbox: Sandbox, settings: Any) -> None:
    settings.RATE_LIMIT_PER_MINUTE = 1000


def send(api: APIClient, **more: Any) -> Any:
    return api.post(MESSAGES, {"to": ABROAD, "body": "News", **more})


def becomes(api: APIClient, message: str, status: str) -> dict[str, Any]:
    leaps = count(5, 60)

    def shown() -> dict[str, Any]:
        return dict(api.get(f"{MESSAGES}/{message}").json())

    def reached() -> bool:
        run_jobs(seconds=next(leaps))
        return bool(shown()["status"] == status)

    until(reached)
    return shown()


@EACH
def test_a_message_goes_out_and_is_followed_to_its_end(
    api: APIClient, sandbox: Sandbox, sender: str
) -> None:
    sent = send(api, **{"from": sender})
    assert (sent.status_code, sent.json()["from"]) == (201, sender)
    assert becomes(api, sent.json()["id"], "delivered")["from"] == sender
    assert [one["to"] for one in texts(sandbox)] == [ABROAD]
    assert api.get(MESSAGES, {"from": sender}).json()["count"] == 1


@EACH
def test_one_whose_answer_got_lost_is_found_and_not_sent_again(
    api: APIClient, sandbox: Sandbox, sender: str
) -> None:
    send(api, **{"from": sender, "body": "Other news"})
    sandbox.faults.add("twilio", "reset", when="after", count=1, match="POST /2010-04-01")
    sent = send(api, **{"from": sender})
    assert (sent.status_code, sent.json()["status"]) == (202, "unknown")
    found = becomes(api, sent.json()["id"], "delivered")
    assert found["provider_sid"]
    until(lambda: len(texts(sandbox)) == 2)


@EACH
def test_a_batch_is_sent_from_it(api: APIClient, sandbox: Sandbox, sender: str) -> None:
    people = [ABROAD, "+4915112345679"]
    body = {"recipients": people, "body": "News", "from": sender, "per_minute": 600}
    begun = api.post(f"{MESSAGES}/bulk", body)
    assert (begun.status_code, begun.json()["from"]) == (201, sender)
    leaps = count(0, 2)

    def sent() -> bool:
        run_jobs(seconds=next(leaps))
        return len(texts(sandbox)) == 2

    until(sent)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (f" {SERVICE_SID}\u200b", SERVICE_SID),
        (" My Shop ", "My Shop"),
        ("68\u200b849", SHORT_CODE),
        ("\uff16\uff18\uff18\uff14\uff19", SHORT_CODE),
    ],
)
def test_a_sender_is_taken_as_it_was_pasted(api: APIClient, written: str, kept: str) -> None:
    sent = send(api, **{"from": written})
    assert (sent.status_code, sent.json()["from"]) == (201, kept)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ("MG" + "1" * 32, "Your Twilio account has no such Messaging Service."),
        ("99999", "Your Twilio account has no such short code."),
        ("A name too long", "Write a phone number such as"),
        ("Stra\u00dfe", "Write a phone number such as"),
        ("12", "Write a phone number such as"),
        ("MG12", None),  # a name, as far as anybody can see
        ("4915112345678", "Begin with +"),
        ("+15005559999", "This is not a phone number of your Twilio account."),
        ("", "This field may not be blank."),
    ],
)
def test_a_sender_that_is_none_is_refused_in_a_sentence(
    api: APIClient, sandbox: Sandbox, wrong: str, sentence: str | None
) -> None:
    answer = send(api, **{"from": wrong})
    if sentence is None:
        assert answer.status_code == 201
        return
    assert (answer.status_code, posts(sandbox)) == (400, [])
    [said] = answer.json()["errors"]["from"]
    assert said.startswith(sentence)


def test_a_service_is_looked_up_once(api: APIClient, sandbox: Sandbox) -> None:
    for _ in range(3):
        assert send(api, **{"from": SERVICE_SID}).status_code == 201
    asked = [one for one in sandbox.requests("twilio") if one.path.startswith("/v1/Services")]
    assert len(asked) == 1


def test_while_twilio_does_not_say_a_service_is_trusted(api: APIClient, sandbox: Sandbox) -> None:
    sandbox.faults.add("twilio", "status", status=500, match="GET /v1/Services")
    assert send(api, **{"from": "MG" + "1" * 32}).json()["twilio_code"] == 21701
    assert send(api, **{"from": SERVICE_SID}).status_code == 201


def test_north_america_takes_no_message_from_a_name(api: APIClient, sandbox: Sandbox) -> None:
    refused = send(api, **{"to": THEIRS, "from": "SUPPORT"})
    assert refused.status_code == 400
    assert refused.json()["errors"]["from"][0].startswith(NO_NAMES)
    body = {"recipients": [THEIRS, ABROAD], "body": "News", "from": "SUPPORT"}
    begun = api.post(f"{MESSAGES}/bulk", body)
    [left_out] = begun.json()["rejected"]
    assert (begun.json()["total"], left_out["to"], left_out["index"]) == (1, THEIRS, 0)
    assert left_out["detail"].startswith(NO_NAMES)
    assert posts(sandbox) == []
    assert send(api, **{"to": THEIRS, "from": SERVICE_SID}).status_code == 201


@EACH
def test_a_call_comes_from_a_number_alone(
    api: APIClient, twilio_user: User, sandbox: Sandbox, sender: str
) -> None:
    store_key(twilio_user)
    for how in ({"say": "Hi"}, {"assistant_id": seed.ASSISTANT_ID}):
        refused = api.post(CALLS, {"to": ABROAD, "from": sender, **how})
        assert refused.json()["errors"]["from"] == [ONLY_NUMBERS]
    assert posts(sandbox) == []


@EACH
def test_the_default_sender_is_one_for_messages_and_none_for_calls(
    api: APIClient, twilio_user: User, sender: str
) -> None:
    store(twilio_user, default_from=sender)
    assert send(api).json()["from"] == sender
    refused = api.post(CALLS, {"to": ABROAD, "say": "Hi"})
    assert (refused.status_code, refused.json()["code"]) == (400, "sender_ambiguous")


def test_twilios_products_answer_at_hosts_of_their_own(settings: Any) -> None:
    for core, expected in (
        ("https://api.twilio.com", "https://messaging.twilio.com"),
        ("https://api.dublin.ie1.twilio.com", "https://messaging.dublin.ie1.twilio.com"),
        ("http://127.0.0.1:8001/twilio", None),
    ):
        settings.TWILIO_BASE_URL = core
        assert base_url_of("messaging.twilio.com") == expected
        assert base_url_of("api.twilio.com") is None


def test_a_report_of_a_service_finds_its_message(
    api: APIClient, live_server: LiveServer, sandbox: Sandbox, settings: Any
) -> None:
    settings.PUBLIC_URL = live_server.url
    sent = send(api, **{"from": SERVICE_SID}).json()["id"]
    # So that no fetch can overtake the report.
    sandbox.faults.add("twilio", "status", status=500, match="GET /2010-04-01")
    becomes(api, sent, "delivered")
    sources = {entry["source"] for entry in api.get(f"{MESSAGES}/{sent}").json()["timeline"]}
    assert "callback" in sources
