"""Vapi's webhooks through the URL that Vapi calls: what is kept, and who hears of it."""

import json

import pytest
from django.core import serializers as dumps

from ava.inbound.models import Delivery, Refusal
from integrations.credentials.models import Credential
from vapi_settings import webhooks
from vapi_settings.conftest import store_key
from vapi_settings.tests.hooking import CALL, FILES, URL, payload

pytestmark = pytest.mark.database


def test_a_status_is_stored_acknowledged_and_reported(send, reported, user):
    answer = send(payload("status_update"))
    assert answer.status_code == 204
    row = Delivery.objects.get()
    assert (row.owner, row.event, row.correlation_id) == (user, "status-update", "walk-1")
    assert answer["X-Correlation-ID"]
    [event] = reported()
    assert (event.owner, event.id, event.status) == (user, CALL, "in-progress")
    assert event.provider_sid == "CA0123456789abcdef0123456789abcdef"
    assert event.metadata["ava_call"] == "7b0f2f2a-7f4e-4f4e-8d5c-0b9a8f6e5d4c"
    assert event.at.isoformat() == "2026-01-05T09:00:03+00:00"


def test_the_report_at_the_end_brings_transcript_recording_cost_and_reason(send, reported):
    assert send(payload("end_of_call_report")).status_code == 204
    [event] = reported()
    assert (event.status, event.ended_reason) == ("ended", "customer-ended-call")
    assert str(event.cost) == "0.1234"
    assert event.transcript.startswith("AI: Hello!")
    assert event.recording_url == "https://storage.vapi.ai/0f7c7b5e-mono.wav"
    assert event.summary == "The caller booked a check-up for Friday."
    kept = Delivery.objects.get().payload["artifact"]["messages"]
    assert [said["role"] for said in kept] == ["bot", "user"]


def test_a_long_talk_is_reported_whole(send, reported):
    spoken = ("User: And then?\n" * 12_500)[:200_000]
    assert send(payload("end_of_call_report", artifact={"transcript": spoken})).status_code == 204
    [event] = reported()
    assert event.transcript == spoken


def test_a_report_beyond_all_measure_is_refused(send):
    answer = send(b"a" * (webhooks.LARGEST + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


def test_no_secret_of_a_message_is_stored_logged_or_answered(send, reported, caplog, capfd):
    answers = [send(payload(name)).content for name in sorted(FILES)]
    answers.append(send(payload("status_update"), secret="planted-wrong-0099").content)
    reported()
    answers += [
        dumps.serialize("json", model.objects.all()).encode()
        for model in (Delivery, Refusal, Credential)
    ]
    assert Delivery.objects.count() == 5
    answers.append(caplog.text.encode())
    answers.append("".join(capfd.readouterr()).encode())
    for place in answers:
        assert b"planted" not in place


def test_a_secret_where_none_belongs_is_not_stored_either(send):
    hidden = {"twilioAuthToken": "planted-0001"}
    strange = {"summary": hidden, "call": {"id": CALL, "status": [hidden]}, "phoneNumber": [hidden]}
    assert send(payload("end_of_call_report", **strange)).status_code == 204
    assert "planted" not in json.dumps(Delivery.objects.get().payload)


def test_talk_is_acknowledged_and_not_kept(send, reported):
    assert send(payload("speech_update")).status_code == 204
    assert send(payload("speech_update", type="transcript")).status_code == 204
    assert Delivery.objects.count() == 0
    assert reported() == []


def test_a_repetition_changes_nothing_and_other_messages_of_the_call_do(send, reported):
    first = payload("status_update")
    for _ in range(3):
        assert send(first).status_code == 204
    # The same status with another time is the same status.
    assert send(payload("status_update", timestamp=first["message"]["timestamp"] + 9)).status_code
    for name in ("status_update_ended", "end_of_call_report"):
        for _ in range(2):
            assert send(payload(name)).status_code == 204
    assert [event.type for event in reported()] == [
        "status-update",
        "status-update",
        "end-of-call-report",
    ]
    assert Delivery.objects.count() == 3


def test_two_users_may_hear_of_one_call(send, stranger, reported, user):
    theirs = store_key(stranger, webhook_secret="their-own-secret").pk
    send(payload("status_update"))
    send(payload("status_update"), to=theirs, secret="their-own-secret")
    assert {event.owner for event in reported()} == {user, stranger}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'{"message": null}',
        b'{"message": {}}',
        b'{"message": {"type": 5}}',
        b'{"message": {"type": "status-update", "cost": NaN}}',
        b"\xff",
        b'{"message": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"message": {"type": "status-update", "cost": ' + b"9" * 5000 + b"}}",
    ],
)
def test_a_body_that_is_no_message_is_refused_with_the_reason(send, body):
    answer = send(body)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_request")
    assert Delivery.objects.count() == 0


@pytest.mark.parametrize(
    "strange",
    [
        {"call": None},
        {"call": {"id": 5, "assistantOverrides": [], "customer": "x"}},
        {"call": {"id": "\ud800" * 100}, "timestamp": 10**30},
        {"timestamp": "now", "status": {"a": 1}},
        {"artifact": {"messages": [1, None, {"role": "user"}], "transcript": "a\u0000b\ud800"}},
        {"analysis": {"structuredData": json.loads("[" * 300 + "]" * 300)}},
        {"cost": 1e300},
        {"type": "end-of-call-report", "cost": "dear", "endedReason": ["x"]},
        {"type": "tool-calls", "toolCallList": 7},
        {"type": "tool-calls", "toolCallList": [None, {"id": 1, "function": "x"}]},
    ],
)
def test_what_is_strange_about_a_message_breaks_nothing(send, reported, strange):
    answer = send(payload("status_update", **strange))
    assert answer.status_code in (200, 204), answer.content
    reported()
    assert Delivery.objects.get().state == Delivery.State.DONE


def test_messages_in_any_order_are_all_reported(send, reported):
    for name in ("end_of_call_report", "status_update_ended", "status_update"):
        send(payload(name))
    assert sorted(event.status for event in reported()) == ["ended", "ended", "in-progress"]


def test_a_listener_that_fails_is_asked_again(send, reported, monkeypatch):
    failures = [RuntimeError("planted-0012")]

    def fail_once(event):
        if failures:
            raise failures.pop()

    webhooks.register_listener(fail_once)
    send(payload("status_update"))
    assert len(reported()) == 1
    assert Delivery.objects.get().state == Delivery.State.FAILED
    assert "planted" not in Delivery.objects.get().error


def test_only_post_is_answered(client, db):
    answer = client.get(URL)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
