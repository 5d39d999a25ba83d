"""Webhooks with a JSON body: signed by the address, which holds the digest of the body."""

import hashlib
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient
from twilio.request_validator import RequestValidator

from ava.inbound.models import Delivery, Refusal
from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from telephony.calls.models import Call
from telephony.conftest import CALLS, HOOKS, MESSAGES, OURS, THEIRS, phone, run_jobs
from telephony.twilio import signatures

PUBLIC = "https://ava.example.com"
SAID = {
    "AccountSid": ACCOUNT_SID,
    "MessageSid": "SM1",
    "SmsStatus": "received",
    "From": THEIRS,
    "To": OURS,
    "Body": "Grüße",
}


@pytest.fixture(autouse=True)
def _public(settings: Any) -> None:
    settings.PUBLIC_URL = PUBLIC


def sha(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def send(
    raw: bytes,
    kind: str = "message",
    *,
    query: str | None = None,
    arrives: bytes | None = None,
    content_type: str = "application/json",
    token: str = AUTH_TOKEN,
) -> Any:
    """What Twilio sends.

    Args:
        query: instead of the digest alone.
        arrives: instead of what was sent.
    """
    path = f"{HOOKS}/{kind}?{f'bodySHA256={sha(raw)}' if query is None else query}"
    signature = signatures.sign(token, PUBLIC + path)
    return Client().post(
        path,
        raw if arrives is None else arrives,
        content_type=content_type,
        headers={signatures.HEADER: signature},
    )


def as_json(**changes: Any) -> bytes:
    return json.dumps({**SAID, **changes}, ensure_ascii=False).encode()


def test_a_message_that_comes_as_json_is_kept(twilio_user: User, api: APIClient) -> None:
    answer = send(as_json())
    assert (answer.status_code, answer.content) == (200, b"<Response/>")
    run_jobs()
    (kept,) = api.get(MESSAGES, {"direction": "inbound"}).json()["results"]
    assert (kept["body"], kept["from"], kept["to"]) == ("Grüße", THEIRS, OURS)


def test_it_is_signed_as_twilios_own_library_says(twilio_user: User) -> None:
    raw = as_json()
    url = f"{PUBLIC}{HOOKS}/message?bodySHA256={sha(raw)}"
    assert RequestValidator(AUTH_TOKEN).validate(
        url, raw.decode(), signatures.sign(AUTH_TOKEN, url)
    )
    assert send(raw).status_code == 200


def test_the_same_json_once_more_changes_nothing(twilio_user: User) -> None:
    for _ in range(2):
        assert send(as_json()).status_code == 200
    assert Delivery.objects.count() == 1


def test_of_a_body_without_an_account_that_of_the_marked_call_is_meant(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    phone(sandbox, "answer", ring_ms=60_000)
    call = api.post(CALLS, {"to": THEIRS, "from": OURS, "say": "Hello"}).json()["id"]
    sid = Call.objects.get().provider_sid
    raw = json.dumps({"CallSid": sid, "CallStatus": "completed", "CallDuration": 7}).encode()
    query = f"call={call}&attempt=1&bodySHA256={sha(raw)}"
    assert send(raw, "call-status", query=query, token="guessed").status_code == 403
    assert send(raw, "call-status", query=query).status_code == 204
    run_jobs()
    shown = api.get(f"{CALLS}/{call}").json()
    assert (shown["status"], shown["duration"]) == ("completed", 7)


def test_a_body_that_names_another_account_than_the_marked_call_is_refused(
    api: APIClient, twilio_user: User, sandbox: Sandbox
) -> None:
    phone(sandbox, "answer", ring_ms=60_000)
    call = api.post(CALLS, {"to": THEIRS, "from": OURS, "say": "Hello"}).json()["id"]
    other = {"AccountSid": "AC" + "1" * 32, "CallSid": "CA1", "CallStatus": "completed"}
    raw = json.dumps(other).encode()
    query = f"call={call}&attempt=1&bodySHA256={sha(raw)}"
    assert send(raw, "call-status", query=query).status_code == 403


RAW = as_json()


@pytest.mark.parametrize(
    "query",
    [
        "",
        "bodySHA256=",
        f"bodySHA256={sha(RAW)[:-1]}",
        f"bodySHA256={sha(RAW + b' ')}",
        f"bodysha256={sha(RAW)}",
        f"bodySHA256={sha(RAW)}&bodySHA256={sha(RAW)}",
        f"bodySHA256={sha(b'{}')}&bodySHA256={sha(RAW)}",
        f"bodySHA256={sha(RAW)}&bodySHA256=",
    ],
)
def test_a_digest_that_is_missing_wrong_or_repeated_is_refused(
    twilio_user: User, query: str
) -> None:
    answer = send(RAW, query=query)
    assert (answer.status_code, answer.json()["code"]) == (403, "webhook_forged")
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    "arrives",
    [RAW[:-1], RAW[:-20] + b'"}', RAW + b" ", as_json(Body="STOP"), b"", b"{}"],
)
def test_another_body_than_was_signed_is_refused(twilio_user: User, arrives: bytes) -> None:
    assert send(RAW, arrives=arrives).status_code == 403
    assert not Delivery.objects.exists()


def test_a_digest_that_nobody_signed_is_refused(twilio_user: User) -> None:
    answer = send(RAW, token="guessed")
    assert answer.status_code == 403
    assert Refusal.objects.get().seen["account"] == "...0000"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"7",
        b'"AccountSid"',
        b"[]",
        json.dumps([SAID]).encode(),
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"AccountSid": NaN}',
        as_json(AccountSid=[ACCOUNT_SID]),
        as_json(AccountSid={"AccountSid": ACCOUNT_SID}),
        as_json(AccountSid=True),
        json.dumps({"message": SAID}).encode(),
    ],
)
def test_a_body_that_names_no_account_is_refused(twilio_user: User, raw: bytes) -> None:
    assert send(raw).status_code == 403
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("sid", [["SM1"], {"SM1": 1}, None, True, "", "S" * 65])
def test_a_signed_body_that_does_not_say_what_it_is_about_is_malformed(
    twilio_user: User, sid: Any
) -> None:
    answer = send(as_json(MessageSid=sid))
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_request")
    assert not Delivery.objects.exists()


def test_what_is_nested_in_fields_that_nobody_reads_is_passed_over(twilio_user: User) -> None:
    assert send(as_json(AddOns={"status": "successful", "results": [1, {}]})).status_code == 200
    assert "AddOns" not in Delivery.objects.get().payload["form"]


def test_json_that_calls_itself_a_form_is_refused(twilio_user: User) -> None:
    content_type = "application/x-www-form-urlencoded"
    assert send(RAW, content_type=content_type).status_code == 403


def test_a_form_that_calls_itself_json_is_refused(twilio_user: User) -> None:
    path = f"{HOOKS}/message"
    answer = Client().post(
        path,
        b"AccountSid=" + ACCOUNT_SID.encode(),
        content_type="application/json",
        headers={
            signatures.HEADER: signatures.sign(
                AUTH_TOKEN, PUBLIC + path, [("AccountSid", ACCOUNT_SID)]
            )
        },
    )
    assert answer.status_code == 403


def test_nothing_is_taken_by_get(twilio_user: User) -> None:
    path = f"{HOOKS}/message?bodySHA256={sha(b'')}&AccountSid={ACCOUNT_SID}&MessageSid=SM1"
    headers = {signatures.HEADER: signatures.sign(AUTH_TOKEN, PUBLIC + path)}
    assert Client().get(path, headers=headers).status_code == 405
    # Nor by another method that says the same.
    assert Client().put(path, headers=headers).status_code == 405
    assert Client().post(path, headers=headers, content_type="text/plain").status_code == 403
