"""Vapi's webhooks through the URL that Vapi calls."""

import base64
import copy
import hashlib
import hmac
import json
import time
from concurrent.futures import wait
from pathlib import Path
from threading import Event

import pytest
from django.core import serializers as dumps
from django.test import Client
from openapi_schema_validator import OAS30Validator

from ava.inbound import services as inbound
from ava.inbound.models import Delivery, Refusal
from ava.jobs.services import run_due
from ava.problems import Conflict
from integrations.credentials.models import Credential
from sandbox.tests.specs import load, strict
from vapi_settings import tools, webhooks
from vapi_settings.patience import Patience
from vapi_settings.tests.conftest import store_key

URL = "/api/v1/webhooks/vapi"
SECRET = "planted-hook-0004"
FILES = {file.stem: file for file in (Path(__file__).parent / "payloads").glob("*.json")}
CALL = "0f7c7b5e-2d8a-4d5e-9f3b-6a1c2e4d8b90"


def payload(name, **changed):
    body = json.loads(FILES[name].read_text("utf-8"))
    body["message"].update(changed)
    return body


@pytest.fixture(autouse=True)
def every_refusal_is_kept():
    inbound.forget()
    yield
    inbound.forget()


@pytest.fixture
def account(user):
    return store_key(user, webhook_secret=SECRET).pk


@pytest.fixture
def send(client: Client, account):
    """Vapi sends a message; by default rightly."""

    def send(body, *, to=account, secret=SECRET, headers=None):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        address = f"{URL}?account={to}" if to else URL
        proof = {"X-Vapi-Secret": secret} if headers is None else headers
        return client.post(address, raw, content_type="application/json", headers=proof)

    return send


@pytest.fixture
def told(monkeypatch):
    """What listeners hear, once the jobs have run."""
    heard = []
    monkeypatch.setattr(webhooks, "_listeners", [])
    webhooks.register_listener(heard.append)

    def told():
        run_due()
        return heard

    return told


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_payloads_are_what_vapis_document_says(name):
    schemas = {
        "assistant-request": "ServerMessageAssistantRequest",
        "end-of-call-report": "ServerMessageEndOfCallReport",
        "speech-update": "ServerMessageSpeechUpdate",
        "status-update": "ServerMessageStatusUpdate",
        "tool-calls": "ServerMessageToolCalls",
    }
    document = strict(load("vapi_openapi.json"))
    # An utterance of the user's fits the schema of the bot's as well.
    messages = document["components"]["schemas"]["Artifact"]["properties"]["messages"]["items"]
    messages["anyOf"] = messages.pop("oneOf")
    message = payload(name)["message"]
    schema = f"#/components/schemas/{schemas[message['type']]}"
    OAS30Validator({"$ref": schema, "components": document["components"]}).validate(message)


def test_a_status_is_stored_acknowledged_and_told(send, told, user):
    answer = send(payload("status_update"))
    assert answer.status_code == 204
    row = Delivery.objects.get()
    assert (row.owner, row.event, row.correlation_id) == (user, "status-update", "walk-1")
    assert answer["X-Correlation-ID"]
    [event] = told()
    assert (event.owner, event.call_id, event.status) == (user, CALL, "in-progress")
    assert event.provider_sid == "CA0123456789abcdef0123456789abcdef"
    assert event.metadata["ava_call"] == "7b0f2f2a-7f4e-4f4e-8d5c-0b9a8f6e5d4c"
    assert event.at.isoformat() == "2026-01-05T09:00:03+00:00"


def test_the_report_at_the_end_brings_transcript_recording_cost_and_reason(send, told):
    assert send(payload("end_of_call_report")).status_code == 204
    [event] = told()
    assert (event.status, event.ended_reason) == ("ended", "customer-ended-call")
    assert str(event.cost) == "0.1234"
    assert event.transcript.startswith("AI: Hello!")
    assert event.recording_url == "https://storage.vapi.ai/0f7c7b5e-mono.wav"
    assert event.summary == "The caller booked a check-up for Friday."
    kept = Delivery.objects.get().payload["artifact"]["messages"]
    assert [said["role"] for said in kept] == ["bot", "user"]


def test_no_secret_of_a_message_is_stored_logged_or_answered(send, told, caplog, capfd):
    answers = [send(payload(name)).content for name in sorted(FILES)]
    answers.append(send(payload("status_update"), secret="planted-wrong-0099").content)
    told()
    answers += [
        dumps.serialize("json", model.objects.all()).encode()
        for model in (Delivery, Refusal, Credential)
    ]
    assert Delivery.objects.count() == 5
    answers.append(caplog.text.encode())
    answers.append("".join(capfd.readouterr()).encode())
    for place in answers:
        assert b"planted" not in place


def test_talk_is_acknowledged_and_not_kept(send, told):
    assert send(payload("speech_update")).status_code == 204
    assert send(payload("speech_update", type="transcript")).status_code == 204
    assert Delivery.objects.count() == 0
    assert told() == []


def test_a_repetition_changes_nothing_and_other_messages_of_the_call_do(send, told):
    first = payload("status_update")
    for _ in range(3):
        assert send(first).status_code == 204
    # The same status told with another time is the same status.
    assert send(payload("status_update", timestamp=first["message"]["timestamp"] + 9)).status_code
    for name in ("status_update_ended", "end_of_call_report"):
        for _ in range(2):
            assert send(payload(name)).status_code == 204
    assert [event.type for event in told()] == [
        "status-update",
        "status-update",
        "end-of-call-report",
    ]
    assert Delivery.objects.count() == 3


def test_two_users_may_hear_of_one_call(send, stranger, told, user):
    theirs = store_key(stranger, webhook_secret="their-own-secret").pk
    send(payload("status_update"))
    send(payload("status_update"), to=theirs, secret="their-own-secret")
    assert {event.owner for event in told()} == {user, stranger}


def refused(answer, reason):
    assert (answer.status_code, answer.json()["code"]) == (403, "webhook_forged")
    assert Refusal.objects.latest("pk").reason == reason
    assert Delivery.objects.count() == 0


def test_a_wrong_secret_is_refused_and_the_reason_is_kept(send):
    for wrong in ("planted-hook-0005", SECRET.upper(), f"{SECRET}x", "é"):
        answer = send(payload("status_update"), headers={"X-Vapi-Secret": wrong})
        refused(answer, "X-Vapi-Secret does not hold the webhook_secret.")
    refused(send(payload("status_update"), headers={}), "There is no X-Vapi-Secret header.")


def test_the_secret_of_another_user_opens_nothing(send, stranger):
    theirs = store_key(stranger, webhook_secret="their-own-secret").pk
    answer = send(payload("status_update"), secret="their-own-secret")
    refused(answer, "X-Vapi-Secret does not hold the webhook_secret.")
    answer = send(payload("status_update"), to=theirs)
    refused(answer, "X-Vapi-Secret does not hold the webhook_secret.")


@pytest.mark.parametrize("to", ["x", "00000000-0000-4000-8000-000000000000", "%00", "'"])
def test_an_address_of_nobody_is_refused(send, to):
    answer = send(payload("status_update"), to=to)
    refused(answer, "The address names no account that takes Vapi's webhooks.")


def test_an_address_without_account_finds_the_owner_by_the_secret(send, stranger, told, user):
    store_key(stranger, webhook_secret="their-own-secret")
    assert send(payload("status_update"), to=None).status_code == 204
    assert [event.owner for event in told()] == [user]


def test_a_secret_that_two_users_keep_tells_nobody_apart(send, stranger):
    store_key(stranger, webhook_secret=SECRET)
    refused(
        send(payload("status_update"), to=None),
        "Several users keep this secret. Give Vapi your webhook_url.",
    )


def test_a_user_without_a_secret_takes_no_webhooks(send, user):
    store_key(user)
    refused(
        send(payload("status_update"), headers={"X-Vapi-Secret": ""}),
        "The address names no account that takes Vapi's webhooks.",
    )
    refused(
        send(payload("status_update"), to=None, headers={}),
        "The address names no account, and it is nobody's webhook_secret.",
    )


@pytest.mark.parametrize("value", [f"Bearer {SECRET}", f"bearer {SECRET}", SECRET])
def test_the_secret_may_come_as_bearer_token(send, user, value):
    store_key(user, webhook_secret=SECRET, webhook_scheme="bearer")
    assert send(payload("status_update"), headers={"Authorization": value}).status_code == 204
    refused_bearer = send(payload("status_update"), headers={"Authorization": "Bearer x"})
    assert refused_bearer.status_code == 403


def signed(raw, fields, *, at=None, secret=SECRET):
    """The headers Vapi signs with, written down from its document and not from AVA's code."""
    stamp = str(int(time.time() if at is None else at))
    text = fields.get("webhook_payload", "{timestamp}.{body}")
    message = text.replace("{timestamp}", stamp).encode().replace(b"{body}", raw)
    algorithm = getattr(hashlib, fields.get("webhook_algorithm", "sha256"))
    digest = hmac.new(secret.encode(), message, algorithm).digest()
    encoded = base64.b64encode(digest) if "webhook_encoding" in fields else digest.hex().encode()
    return {
        fields.get("webhook_header", "x-signature"): fields.get("webhook_prefix", "")
        + encoded.decode(),
        fields.get("webhook_timestamp_header", "x-timestamp"): stamp,
    }


HMACS = [
    {},
    {"webhook_algorithm": "sha1"},
    {"webhook_algorithm": "sha512", "webhook_encoding": "base64"},
    {"webhook_header": "X-Acme-Signature", "webhook_prefix": "sha256="},
    {"webhook_payload": "v0:{timestamp}:{body}", "webhook_timestamp_header": "X-Acme-Time"},
    {"webhook_payload": "{body}"},
]


@pytest.mark.parametrize("fields", HMACS)
def test_a_signature_proves_exactly_this_body(send, user, fields):
    store_key(user, webhook_secret=SECRET, webhook_scheme="hmac", **fields)
    raw = json.dumps(payload("status_update")).encode()
    assert send(raw, headers=signed(raw, fields)).status_code == 204
    Delivery.objects.all().delete()
    reason = "The signature is not that of this body with the webhook_secret."
    refused(send(raw[:-1], headers=signed(raw, fields)), reason)
    refused(send(raw + b" ", headers=signed(raw, fields)), reason)
    refused(send(raw, headers=signed(raw, fields, secret="planted-hook-0005")), reason)
    # The secret itself is no signature.
    refused(
        send(raw, headers={**signed(raw, fields), next(iter(signed(raw, fields))): SECRET}), reason
    )


def test_an_old_signature_is_no_proof_any_more(send, user):
    store_key(user, webhook_secret=SECRET, webhook_scheme="hmac")
    raw = json.dumps(payload("status_update")).encode()
    reason = "x-timestamp holds no Unix time of the last 5 minutes."
    for at in (time.time() - 400, time.time() + 400, 0):
        refused(send(raw, headers=signed(raw, {}, at=at)), reason)
    for stamp in ("", "now", "9" * 40, "-1", "1e9"):
        refused(send(raw, headers={**signed(raw, {}), "x-timestamp": stamp}), reason)


def test_milliseconds_are_a_timestamp_too(send, user):
    store_key(user, webhook_secret=SECRET, webhook_scheme="hmac")
    raw = json.dumps(payload("status_update")).encode()
    headers = signed(raw, {}, at=time.time() * 1000)
    assert send(raw, headers=headers).status_code == 204


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
def test_a_body_that_is_no_message_is_told_so(send, body):
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
def test_what_is_strange_about_a_message_breaks_nothing(send, told, strange):
    answer = send(payload("status_update", **strange))
    assert answer.status_code in (200, 204), answer.content
    told()
    assert Delivery.objects.get().state == Delivery.State.DONE


def test_messages_in_any_order_are_all_told(send, told):
    for name in ("end_of_call_report", "status_update_ended", "status_update"):
        send(payload(name))
    assert sorted(event.status for event in told()) == ["ended", "ended", "in-progress"]


def test_a_listener_that_fails_is_asked_again(send, told, monkeypatch):
    failures = [RuntimeError("planted-0012")]

    def fail_once(event):
        if failures:
            raise failures.pop()

    webhooks.register_listener(fail_once)
    send(payload("status_update"))
    assert len(told()) == 1
    assert Delivery.objects.get().state == Delivery.State.FAILED
    assert "planted" not in Delivery.objects.get().error


@pytest.fixture
def in_a_hurry(monkeypatch):
    """Vapi waits for a fifth of a second only; what is late ends before the test does."""
    begun = []

    class Hurried(Patience):
        def __init__(self):
            super().__init__(0.2)

        def start(self, work):
            begun.append(super().start(work))
            return begun[-1]

    monkeypatch.setattr(webhooks, "Patience", Hurried)
    yield
    wait(begun)


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.setattr(tools, "_tools", {})
    seen = []

    def opening_hours(wish):
        seen.append(wish)
        return "8 to\n14"

    tools.register_tool("opening_hours", opening_hours)
    return seen


@pytest.mark.django_db(transaction=True)
def test_a_tool_answers_in_one_line(send, tool, user):
    answer = send(payload("tool_calls"))
    assert answer.status_code == 200
    assert answer.json() == {
        "results": [
            {
                "toolCallId": "call_VaJOd8ZeZgWCEHDYomyCPfwN",
                "name": "opening_hours",
                "result": "8 to 14",
            }
        ]
    }
    [wish] = tool
    assert (wish.owner, wish.call_id, wish.arguments) == (user, CALL, {"day": "friday"})
    # Vapi asks again when an answer got lost: it gets the same one.
    assert send(payload("tool_calls")).json() == answer.json()
    assert tool[0].id == tool[1].id


def call_of(name, arguments="{}", number=1):
    return {"id": f"call_{number}", "function": {"name": name, "arguments": arguments}}


@pytest.mark.django_db(transaction=True)
def test_every_tool_call_gets_its_own_word(send, tool):
    def fail(wish):
        raise RuntimeError("planted-0013")

    def decline(wish):
        raise Conflict("The calendar is full.")

    tools.register_tool("broken", fail)
    tools.register_tool("booking", decline)
    wishes = [call_of("nothing"), call_of("broken"), call_of("booking")]
    wishes += [call_of("opening_hours", given) for given in ({"day": "x"}, "{", "[" * 9999, None)]
    found = send(payload("tool_calls", toolCallList=wishes)).json()["results"]
    assert [one.get("error") or one["result"] for one in found] == [
        "There is no tool named nothing.",
        "Something went wrong with this.",
        "The calendar is full.",
        *["8 to 14"] * 4,
    ]
    assert [wish.arguments for wish in tool] == [{"day": "x"}, {}, {}, {}]


@pytest.mark.django_db(transaction=True)
def test_a_slow_tool_does_not_keep_the_caller_waiting(send, tool, in_a_hurry):
    done = Event()
    tools.register_tool("slow", lambda wish: str(done.wait(20)))
    wishes = [call_of("slow"), call_of("opening_hours")]
    started = time.monotonic()
    found = send(payload("tool_calls", toolCallList=wishes)).json()["results"]
    assert time.monotonic() - started < 10
    done.set()
    assert found[0]["error"] == "This takes too long right now."


@pytest.mark.django_db(transaction=True)
def test_an_incoming_call_gets_the_default_assistant(send, user, settings):
    settings.VAPI_BASE_URL = "http://127.0.0.1:9"  # nobody is asked
    store_key(user, webhook_secret=SECRET, default_assistant_id="my-assistant")
    answer = send(payload("assistant_request"))
    assert (answer.status_code, answer.json()) == (200, {"assistantId": "my-assistant"})


@pytest.mark.django_db(transaction=True)
def test_else_it_gets_the_only_assistant(vapi, send):
    assert send(payload("assistant_request")).json() == {
        "assistantId": vapi.sandbox.vapi.assistants()[0]["id"]
    }


@pytest.mark.django_db(transaction=True)
def test_else_the_caller_hears_a_sentence(vapi, send):
    vapi.sandbox.vapi.add_assistant(name="Second")
    answer = send(payload("assistant_request"))
    assert answer.status_code == 200
    assert answer.json() == {"error": webhooks.NOBODY_THERE}


@pytest.mark.django_db(transaction=True)
def test_a_hanging_vapi_does_not_keep_the_caller_waiting(vapi, send, in_a_hurry):
    vapi.fail("hang", delay_ms=3000)
    assert send(payload("assistant_request")).json() == {"error": webhooks.NOBODY_THERE}


def test_the_replies_are_what_vapis_document_says():
    schemas = strict(load("vapi_openapi.json"))
    replies = {
        "ServerMessageResponseAssistantRequest": [{"assistantId": "a"}, {"error": "No."}],
        "ServerMessageResponseToolCalls": [
            {"results": [{"toolCallId": "a", "name": "b", "result": "c"}]},
            {"results": [{"toolCallId": "a", "name": "b", "error": "c"}]},
        ],
    }
    for name, bodies in replies.items():
        schema = {"$ref": f"#/components/schemas/{name}", "components": schemas["components"]}
        for body in copy.deepcopy(bodies):
            OAS30Validator(schema).validate(body)


def test_only_post_is_answered(client, db):
    answer = client.get(URL)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
