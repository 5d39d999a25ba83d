"""AVA and Twilio as they talk about whole calls and messages, held against what Twilio publishes:

its document for what AVA asks, its pages for what it tells AVA and asks it (there is no document).
"""

from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from sandbox.server import Sandbox
from sandbox.tests import twilio_callbacks as pages
from sandbox.tests.vapi_spec import check_webhook
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from sandbox.twilio.seed import API_KEY_SECRET, API_KEY_SID
from sandbox.twilio.twiml import parse
from sandbox.vapi import seed
from telephony.conftest import CALLS, HOOKS, MESSAGES, OURS, THEIRS, phone, run_jobs, store, until
from telephony.incoming.tests.lines import call_comes_in, change_sip_number, order, vapi
from telephony.twilio.tests.test_official_spec import held

NUMBER = f"IncomingPhoneNumbers/PN{'0' * 31}1.json"
TABLES = {
    "voice": pages.VOICE,
    "dial-status": pages.DIALLED,
    "call-status": pages.CALL_STATUS,
    "message-status": pages.MESSAGE_STATUS,
    "message": pages.MESSAGE,
}
# These are answered with TwiML, the others with nothing.
ASKING = ("voice", "dial-status", "message")


def conversation(sandbox: Sandbox) -> list[tuple[str, str]]:
    """All that AVA received and was asked, as published: what kind, and the status."""
    found = requests.get(f"{sandbox.url}/_sandbox/webhooks", timeout=5).json()["webhooks"]
    seen = []
    for one in found:
        kind = urlsplit(one["url"]).path.rpartition("/")[2]
        if kind == "vapi":
            seen.append((kind, check_webhook(one["body"])))
            assert one["status"] == 204
            continue
        sent = pages.check(TABLES[kind], parse_qsl(one["body"], keep_blank_values=True))
        if kind in ASKING:
            assert one["status"] == 200
            parse(one["answer"])
        else:
            assert one["status"] in (200, 204)
            assert one["answer"] is None
        seen.append((kind, sent.get("MessageStatus") or sent.get("CallStatus") or "received"))
    return seen


def ended(api: APIClient, path: str, status: str) -> None:
    def over() -> bool:
        run_jobs()
        return bool(api.get(path).json()["status"] == status)

    until(over)


API_KEY = {"api_key_sid": API_KEY_SID, "api_key_secret": API_KEY_SECRET}
CALLS_TO_MAKE = [
    ("answer", "completed", {"say": "Hello & welcome"}, {}),
    ("answer", "completed", {"twiml": "<Response><Pause/></Response>"}, API_KEY),
    ("busy", "busy", {"say": "Hello"}, API_KEY),
    ("no-answer", "no-answer", {"say": "Hello"}, {}),
    ("fail", "failed", {"say": "Hello"}, {}),
]


@pytest.mark.parametrize(("behaviour", "ends", "what", "keys"), CALLS_TO_MAKE)
def test_a_call_is_talked_about_as_published(
    api: APIClient, user: User, ava: str, sandbox: Sandbox,
    behaviour: str, ends: str, what: dict[str, str], keys: dict[str, str],
) -> None:  # fmt: skip
    store(user, **keys)
    phone(sandbox, behaviour)
    answer = api.post(CALLS, {"to": THEIRS, "from": OURS, **what})
    assert answer.status_code == 201, answer.content
    ended(api, f"{CALLS}/{answer.json()['id']}", ends)
    until(lambda: ("call-status", ends) in conversation(sandbox))
    assert (("voice", "in-progress") in conversation(sandbox)) == (behaviour == "answer")
    assert "CreateCall" in held(sandbox)


def test_without_a_public_address_a_call_carries_its_twiml_as_published(
    api: APIClient, twilio_user: User, sandbox: Sandbox, settings: Any
) -> None:
    settings.PUBLIC_URL = ""
    answer = api.post(CALLS, {"to": THEIRS, "from": OURS, "say": "Grüße & mehr ✓"})
    assert answer.status_code == 201, answer.content
    [asked] = [one for one in sandbox.requests("twilio") if one.method == "POST"]
    assert dict(parse_qsl(asked.body)).keys() == {"Twiml", "To", "From"}
    assert "CreateCall" in held(sandbox)


@pytest.mark.parametrize("ring_ms", [0, 60_000])
def test_a_hang_up_is_talked_about_as_published(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox, ring_ms: int
) -> None:
    phone(sandbox, "answer", ring_ms=ring_ms)
    pause = '<Response><Pause length="3600"/></Response>'
    call = api.post(CALLS, {"to": THEIRS, "from": OURS, "twiml": pause}).json()
    status, ends = ("ringing", "canceled") if ring_ms else ("in-progress", "completed")
    until(lambda: ("call-status", status) in conversation(sandbox))
    assert api.post(f"{CALLS}/{call['id']}/hangup").status_code == 200
    until(lambda: ("call-status", ends) in conversation(sandbox))
    assert "UpdateCall" in held(sandbox)


@pytest.mark.parametrize("fate", ["delivered", "undelivered", "failed"])
def test_a_message_is_talked_about_as_published(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox, fate: str
) -> None:
    phone(sandbox, "answer", texts=fate)
    answer = api.post(MESSAGES, {"to": THEIRS, "from": OURS, "body": "50 % + ✓"})
    assert answer.status_code == 201, answer.content
    ended(api, f"{MESSAGES}/{answer.json()['id']}", fate)
    until(lambda: ("message-status", fate) in conversation(sandbox))
    assert "CreateMessage" in held(sandbox)


@pytest.mark.parametrize(
    ("name", "path", "what"),
    [("Calls", CALLS, {"say": "Hello"}), ("Messages", MESSAGES, {"body": "Hello"})],
)
def test_what_is_sought_after_a_lost_answer_is_asked_for_as_published(
    api: APIClient, twilio_user: User, sandbox: Sandbox, settings: Any, name: str, path: str,
    what: dict[str, str],
) -> None:  # fmt: skip
    settings.PUBLIC_URL = ""
    post = f"POST /2010-04-01/Accounts/{ACCOUNT_SID}/{name}.json"
    sandbox.faults.add("twilio", "reset", when="after", count=1, match=post)
    answer = api.post(path, {"to": THEIRS, "from": OURS, **what})
    assert answer.status_code == 202, answer.content
    leaps = count(60, 60)

    def found() -> bool:
        run_jobs(seconds=next(leaps))
        return bool(api.get(f"{path}/{answer.json()['id']}").json()["provider_sid"])

    until(found)
    assert {f"Create{name[:-1]}", f"List{name[:-1]}"} <= set(held(sandbox))


@pytest.mark.parametrize("taken", [True, False])
def test_a_call_from_outside_is_talked_about_as_published(
    owner: User, ava: str, sandbox: Sandbox, taken: bool
) -> None:
    # An assistant with a server of its own would report there.
    vapi(sandbox, "PATCH", f"/assistant/{seed.ASSISTANT_ID}", server={})
    if not taken:
        change_sip_number(sandbox, assistantId="")
    call_comes_in(ava, sandbox)
    until(lambda: ("call-status", "completed") in conversation(sandbox))
    assert ("voice", "ringing") in conversation(sandbox)
    assert ("dial-status" in dict(conversation(sandbox))) == taken


@pytest.mark.parametrize("body", ["", "STOP", "Où? ✓ & = +", "x" * 1600])
def test_a_message_from_outside_is_talked_about_as_published(
    twilio_user: User, ava: str, sandbox: Sandbox, body: str
) -> None:
    numbers = f"{sandbox.url}/twilio/2010-04-01/Accounts/{ACCOUNT_SID}"
    address = {"SmsUrl": f"{ava}{HOOKS}/message"}
    auth = (ACCOUNT_SID, AUTH_TOKEN)
    assert requests.post(f"{numbers}/{NUMBER}", data=address, auth=auth, timeout=5).ok
    order(sandbox, "incoming", **{"kind": "message", "from": THEIRS, "to": OURS, "body": body})
    until(lambda: conversation(sandbox) == [("message", "received")])


def test_an_assistants_call_is_talked_about_as_published(
    api: APIClient, owner: User, ava: str, sandbox: Sandbox
) -> None:
    vapi(sandbox, "PATCH", f"/assistant/{seed.ASSISTANT_ID}", server={})
    ask = {"to": THEIRS, "from": OURS, "assistant_id": seed.ASSISTANT_ID}
    answer = api.post(CALLS, ask)
    assert answer.status_code == 201, answer.content
    ended(api, f"{CALLS}/{answer.json()['id']}", "completed")
    until(lambda: ("vapi", "end-of-call-report") in conversation(sandbox))
