"""AVA and Twilio as they talk about whole calls and messages, held against what Twilio publishes:

its document for what AVA asks, its pages for what it tells AVA and asks it (there is no document).
"""

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
from telephony.calls.models import Call
from telephony.callbacks.tests.lines import connect
from telephony.conftest import CALLS, MESSAGES, OURS, THEIRS, phone, run_jobs, store, until
from telephony.twilio.tests.test_official_spec import held

NUMBER = f"IncomingPhoneNumbers/PN{'0' * 31}1.json"
TABLES = {
    "voice": pages.VOICE,
    "call-status": pages.CALL_STATUS,
    "message-status": pages.MESSAGE_STATUS,
    "message": pages.MESSAGE,
}
# These are answered with TwiML, the others with nothing.
ASKING = ("voice", "message")


def told(sandbox: Sandbox) -> list[tuple[str, str]]:
    """All that AVA was told and asked, as published. Returns: what kind, and the status."""
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


def order(sandbox: Sandbox, what: str, **fields: Any) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/{what}", json=fields, timeout=5)
    assert answer.ok, answer.text


@pytest.mark.parametrize(
    "keys", [{}, {"api_key_sid": API_KEY_SID, "api_key_secret": API_KEY_SECRET}]
)
@pytest.mark.parametrize(
    ("behaviour", "ends"),
    [
        ("answer", "completed"),
        ("busy", "busy"),
        ("no-answer", "no-answer"),
        ("fail", "failed"),
    ],
)
@pytest.mark.parametrize(
    "what", [{"say": "Hello & welcome"}, {"twiml": "<Response><Hangup/></Response>"}]
)
def test_a_call_is_talked_about_as_published(
    api: APIClient, user: User, ava: str, sandbox: Sandbox,
    keys: dict[str, str], behaviour: str, ends: str, what: dict[str, str],
) -> None:  # fmt: skip
    store(user, **keys)
    phone(sandbox, behaviour)
    answer = api.post(CALLS, {"to": THEIRS, "from": OURS, **what})
    assert answer.status_code == 201, answer.content
    ended(api, f"{CALLS}/{answer.json()['id']}", ends)
    until(lambda: ("call-status", ends) in told(sandbox))
    assert (("voice", "in-progress") in told(sandbox)) == (behaviour == "answer")
    assert "CreateCall" in held(sandbox)
