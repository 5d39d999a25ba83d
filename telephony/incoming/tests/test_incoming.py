"""Calls and messages that come in."""

from datetime import datetime, timedelta

import pytest
import requests
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from ava.inbound.models import Delivery
from ava.jobs.models import Job
from sandbox.server import Sandbox
from telephony.conftest import CALLS, MESSAGES, OURS, THEIRS, callback, run_jobs, store, until
from telephony.incoming.tests.conftest import listed, shown

pytestmark = pytest.mark.database


def test_an_incoming_message_is_kept_once_and_stop_and_start_are_obeyed(
    api: APIClient, strangers_api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    wanted = {"to": THEIRS, "from": OURS, "body": "News"}
    for number, (body, status) in enumerate([("Stop.", 409), ("START", 201)]):
        form = {
            "MessageSid": f"SM{number}",
            "From": THEIRS,
            "To": OURS,
            "Body": body,
            "SmsStatus": "received",
        }
        for _ in range(2):
            heard = callback(ava, "message", "", form)
            assert (heard.status_code, heard.text) == (200, "<Response/>")
        run_jobs()
        assert api.post(MESSAGES, wanted).status_code == status
    kept = api.get(MESSAGES, {"direction": "inbound"}).json()
    assert [one["body"] for one in kept["results"]] == ["START", "Stop."]
    assert kept["results"][0]["status"] == "received"
    assert strangers_api.get(MESSAGES).json()["count"] == 0
    assert Delivery.objects.filter(kind="message").count() == 2


def test_what_twilio_says_of_a_word_goes_before_the_word(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    wanted = {"to": THEIRS, "from": OURS, "body": "News"}
    pair = {"From": THEIRS, "To": OURS, "SmsStatus": "received"}
    said = [("Baja", "STOP", 409), ("Cancel", "HELP", 409), ("Alta", "START", 201)]
    said += [("end", "START", 201), ("Alta", "STOP", 409)]
    for number, (body, meant, status) in enumerate(said):
        form = {"MessageSid": f"SM{number}", "Body": body, "OptOutType": meant, **pair}
        assert callback(ava, "message", "", form).status_code == 200
        run_jobs()
        assert api.post(MESSAGES, wanted).status_code == status, (body, meant)


def test_a_stranger_who_claims_an_account_opts_nobody_out(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox, stranger: User
) -> None:
    store(stranger, auth_token="made-up-token")
    form = {"MessageSid": "SM9", "From": THEIRS, "To": OURS, "Body": "STOP"}
    assert callback(ava, "message", "", form, token="made-up-token").status_code == 200
    run_jobs()
    assert api.post(MESSAGES, {"to": THEIRS, "from": OURS, "body": "x"}).status_code == 201


def test_an_incoming_call_is_greeted_and_kept(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    form = {"CallSid": "CA1", "From": THEIRS, "To": OURS, "CallStatus": "ringing"}
    heard = callback(ava, "voice", "", form)
    assert "<Say>Thank you for calling." in heard.text
    run_jobs()
    (kept,) = api.get(CALLS, {"direction": "inbound", "from": THEIRS}).json()["results"]
    assert (kept["status"], kept["provider_sid"]) == ("ringing", "CA1")
    callback(ava, "call-status", "", form | {"CallStatus": "completed", "CallDuration": "3"})
    run_jobs()
    over = shown(api, kept["id"])
    assert [entry["status"] for entry in over["timeline"]] == ["ringing", "completed"]
    assert over["timeline"][0]["at"] == over["created_at"] < over["updated_at"]
    came = Delivery.objects.filter(kind="voice").values_list("received_at", flat=True)
    assert [datetime.fromisoformat(over["created_at"])] == list(came)


def test_a_report_waits_for_the_call_that_it_is_about_to_be_kept(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    form = {"CallSid": "CA1", "From": THEIRS, "To": OURS, "CallStatus": "ringing"}
    callback(ava, "voice", "", form)
    Job.objects.filter(kind="dispatch_delivery").update(
        due_at=timezone.now() + timedelta(seconds=9)
    )
    callback(ava, "call-status", "", form | {"CallStatus": "completed", "CallDuration": "3"})
    run_jobs()
    assert api.get(CALLS).json()["count"] == 0
    run_jobs(seconds=10)
    run_jobs(seconds=12)
    [kept] = api.get(CALLS).json()["results"]
    assert (kept["status"], kept["duration"]) == ("completed", 3)
    assert [entry["source"] for entry in kept["timeline"]] == ["callback", "callback"]


def test_the_end_of_an_incoming_call_is_asked_for_where_nobody_tells_it(
    api: APIClient, twilio_user: User, ava: str, sandbox: Sandbox
) -> None:
    requests.post(
        f"{sandbox.url}/_sandbox/incoming",
        json={"kind": "call", "from": THEIRS, "to": OURS},
        timeout=5,
    )
    (sid,) = [one["sid"] for one in listed(sandbox)]
    form = {"CallSid": sid, "From": THEIRS, "To": OURS, "CallStatus": "ringing"}
    callback(ava, "voice", "", form)
    until(lambda: listed(sandbox)[0]["status"] not in ("ringing", "queued", "in-progress"))
    run_jobs()
    run_jobs(seconds=30)
    (kept,) = api.get(CALLS, {"direction": "inbound"}).json()["results"]
    assert kept["status"] == listed(sandbox)[0]["status"]
    assert kept["timeline"][-1]["source"] == "fetch"
