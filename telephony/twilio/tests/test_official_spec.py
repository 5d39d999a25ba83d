"""Requests of AVA's client, by name and by value, held against Twilio's document."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.sender_kinds import Kind
from sandbox.server import Sandbox
from sandbox.tests.twilio_spec import operation
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from sandbox.twilio.seed import API_KEY_SECRET, API_KEY_SID
from sandbox.twilio.senders import SERVICE_SID, SHORT_CODE
from telephony.conftest import OURS, THEIRS
from telephony.twilio import client as clients
from telephony.twilio import twiml
from telephony.twilio.client import TwilioClient

HOOKS = "https://ava.example/api/v1/webhooks/twilio"
CALL_HOOK = f"{HOOKS}/call-status?call=1&attempt=1"
MESSAGE_HOOK = f"{HOOKS}/message-status?message=1&attempt=1"
PAIR: dict[str, Any] = {"to": THEIRS, "from_number": OURS}
PAUSE = twiml.check('<Response><Pause length="60"/></Response>', own_hosts=())


@pytest.fixture(params=["token", "API key"])
def client(request: pytest.FixtureRequest, sandbox: Sandbox) -> TwilioClient:
    username, password = {
        "token": (ACCOUNT_SID, AUTH_TOKEN),
        "API key": (API_KEY_SID, API_KEY_SECRET),
    }[request.param]
    return TwilioClient(account_sid=ACCOUNT_SID, username=username, password=password)


def held(sandbox: Sandbox) -> list[str]:
    """Everything that Twilio was asked, as documented. Returns: the operations."""
    asked = []
    for one in sandbox.requests("twilio"):
        found = operation(one.method, one.path)
        found.check_request(list(one.query.items()), str(one.body or ""))
        assert one.headers["authorization"].startswith("Basic ")
        if one.body:
            kind = one.headers["content-type"].partition(";")[0]
            assert kind == "application/x-www-form-urlencoded"
        # None: a fault took the answer.
        assert one.status is None or one.status < 300
        asked.append(found.name)
    return asked


def test_an_account_and_its_numbers_are_asked_for_as_documented(
    client: TwilioClient, sandbox: Sandbox
) -> None:
    client.account()
    client.numbers()
    client.numbers(page_size=1)
    assert client.numbers(phone_number=OURS)
    lists = ["ListIncomingPhoneNumber"] * 4
    assert held(sandbox) == ["FetchAccount", *lists]


@pytest.mark.parametrize(
    "how",
    [
        {"twiml": PAUSE},
        {"twiml": twiml.say("Grüße & <Küsse>, 100 % ✓ 'hier'")},
        {"url": f"{HOOKS}/voice?call=1&attempt=1"},
    ],
)
@pytest.mark.parametrize("callback", [None, CALL_HOOK])
def test_calls_are_placed_sought_and_ended_as_documented(
    client: TwilioClient, sandbox: Sandbox, how: dict[str, str], callback: str | None
) -> None:
    call = client.create_call(**PAIR, **how, status_callback=callback)
    client.call(call.reference)
    client.calls(**PAIR, since=timezone.now() - timedelta(hours=1))
    client.end_call(call.reference)
    assert held(sandbox) == ["CreateCall", "FetchCall", "ListCall", "UpdateCall"]


@pytest.mark.parametrize("body", ["Hello", "50 % off & more +1 = ✓\nÄ", "x" * 1600])
@pytest.mark.parametrize("callback", [None, MESSAGE_HOOK])
def test_messages_are_sent_and_sought_as_documented(
    client: TwilioClient, sandbox: Sandbox, body: str, callback: str | None
) -> None:
    message = client.create_message(**PAIR, body=body, status_callback=callback)
    client.message(message.reference)
    found = client.messages(**PAIR, body=body, since=timezone.now() - timedelta(hours=1))
    assert [one.reference for one in found] == [message.reference]
    assert held(sandbox) == ["CreateMessage", "FetchMessage", "ListMessage"]


def test_short_codes_are_listed_and_sought_as_documented(
    client: TwilioClient, sandbox: Sandbox
) -> None:
    assert client.find_sender(SHORT_CODE, Kind.SHORT_CODE)
    assert held(sandbox) == ["ListShortCode"]


def test_a_messaging_service_sends_as_documented(client: TwilioClient, sandbox: Sandbox) -> None:
    pair = {"to": PAIR["to"], "from_number": SERVICE_SID}
    message = client.create_message(**pair, body="Hello")
    found = client.messages(**pair, body="Hello", since=timezone.now() - timedelta(hours=1))
    assert [one.reference for one in found] == [message.reference]
    assert held(sandbox) == ["CreateMessage", "ListMessage"]


def test_the_pages_of_a_list_are_asked_for_as_documented(
    client: TwilioClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "PAGE_SIZE", 1)
    for _ in range(3):
        client.create_call(**PAIR, twiml=PAUSE)
        client.create_message(**PAIR, body="Hello")
    since = timezone.now() - timedelta(hours=1)
    assert len(client.calls(**PAIR, since=since)) == 3
    assert len(client.messages(**PAIR, body="Hello", since=since)) == 3
    asked = held(sandbox)
    assert (asked.count("ListCall"), asked.count("ListMessage")) == (3, 3)


def test_every_verb_of_the_client_is_held_here() -> None:
    verbs = {name for name in vars(TwilioClient) if not name.startswith("_")}
    assert verbs == {
        *("account", "numbers", "senders", "find_sender"),
        *("call", "calls", "create_call", "end_call"),
        *("create_message", "message", "messages"),
    }
