"""Verification of Twilio's webhooks: which are believed."""

import socket
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from ava.inbound.models import Refusal
from sandbox.server import Sandbox
from sandbox.twilio import ACCOUNT_SID, AUTH_TOKEN
from telephony.calls.models import Call
from telephony.conftest import CALLS, HOOKS, OURS, THEIRS, callback, phone, run_jobs, store
from telephony.incoming.tests.conftest import place, shown
from telephony.messages.models import Message
from telephony.twilio import signatures


def test_forged_and_misdirected_webhooks_change_nothing(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox, stranger: User
) -> None:
    phone(sandbox, "answer", ring_ms=60_000)
    call = place(api)
    form = {"CallSid": str(Call.objects.get().provider_sid), "CallStatus": "completed"}
    mark = f"call={call}&attempt=1"
    assert callback(ava, "call-status", mark, form, token="guessed").status_code == 403
    # A user with an account of their own, and with this account's name but another token.
    store(stranger, auth_token="strangers-token")
    answer = callback(ava, "call-status", mark, form, token="strangers-token")
    assert (answer.status_code, answer.json()["code"]) == (403, "webhook_forged")
    assert shown(api, call)["status"] != "completed"
    assert Refusal.objects.count() == 2
    assert AUTH_TOKEN not in str(list(Refusal.objects.values()))


def test_the_operators_account_says_nothing_of_a_call_that_another_account_placed(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox, settings: Any
) -> None:
    phone(sandbox, "answer", ring_ms=60_000)
    call = place(api)
    operators = {"TWILIO_ACCOUNT_SID": "AC" + "7" * 32, "TWILIO_AUTH_TOKEN": "operators-token"}
    settings.OPERATOR_CREDENTIALS = operators
    form = {"AccountSid": "AC" + "7" * 32, "CallSid": "CA1", "CallStatus": "completed"}
    mark = f"call={call}&attempt=1"
    assert callback(ava, "call-status", mark, form, token="operators-token").status_code == 403
    assert "of account ...7777, not what this call is checked with" in Refusal.objects.get().reason
    assert shown(api, call)["status"] != "completed"


def test_the_old_and_the_new_token_are_both_taken_during_promotion(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    store(twilio_user, secondary_auth_token="the-new-token-123")
    form = {"MessageSid": "SM1", "From": THEIRS, "To": OURS, "Body": "Hi", "SmsStatus": "received"}
    assert callback(ava, "message", "", form, token="the-new-token-123").status_code == 200
    assert callback(ava, "message", "", form | {"MessageSid": "SM2"}).status_code == 200


def test_what_a_stranger_reports_of_a_call_does_not_pass_for_twilios_own_report(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox, stranger: User
) -> None:
    form = {"CallSid": "CA1", "From": THEIRS, "To": OURS, "CallStatus": "ringing"}
    callback(ava, "voice", "", form)
    run_jobs()
    [call] = api.get(CALLS).json()["results"]
    over = form | {"CallStatus": "completed"}
    store(stranger, auth_token="strangers-token")
    assert callback(ava, "call-status", "", over, token="strangers-token").status_code == 204
    assert shown(api, call["id"])["status"] == "ringing"
    assert callback(ava, "call-status", "", over).status_code == 204
    assert shown(api, call["id"])["status"] == "completed"


def test_a_body_that_breaks_off_on_the_wire_is_refused(ava: str, twilio_user: User) -> None:
    form = {"AccountSid": ACCOUNT_SID, "MessageSid": "SM1", "SmsStatus": "received", "Body": "Hi"}
    body = urlencode(form).encode()
    url = f"{ava}{HOOKS}/message"
    head = (
        f"POST {HOOKS}/message HTTP/1.1\r\nHost: {urlsplit(ava).netloc}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
        f"{signatures.HEADER}: {signatures.sign(AUTH_TOKEN, url, [*form.items()])}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    for sent, status in ((body[:-3], b" 403 "), (body, b" 200 ")):
        with socket.create_connection((urlsplit(ava).hostname, urlsplit(ava).port), 10) as wire:
            wire.sendall(head.encode() + sent)
            wire.shutdown(socket.SHUT_WR)
            assert status in wire.makefile("rb").readline()


def test_garbage_is_refused_without_a_fault(ava: str, twilio_user: User) -> None:
    assert requests.post(f"{ava}{HOOKS}/voice", data=b"\xff\xfe", timeout=5).status_code == 403
    assert callback(ava, "voice", "", {}).status_code == 400
    assert requests.get(f"{ava}{HOOKS}/voice", timeout=5).status_code == 405
    bad = callback(ava, "call-status", "call=' OR 1", {"CallSid": "CA1"})
    assert bad.status_code in (204, 403)
    assert not Message.objects.exists()
