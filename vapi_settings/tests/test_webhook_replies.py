"""Replies that a call waits for: tools, and an assistant for an incoming call."""

import time
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from threading import Event

import pytest
from django.db import connection

from ava.http import correlation
from ava.http.problems import Conflict
from ava.inbound.models import Delivery
from ava.server.tests.places import OnlyPlace
from vapi_settings import webhooks
from vapi_settings.calls import reply_deadline, tools
from vapi_settings.calls.reply_deadline import SECONDS, ReplyDeadline
from vapi_settings.conftest import store_key
from vapi_settings.tests.hooking import CALL, SECRET, payload


@pytest.fixture
def in_a_hurry(monkeypatch):
    """Vapi waits for a fifth of a second only; what is late ends before the test does."""
    begun = []

    class Hurried(ReplyDeadline):
        def __init__(self, owner):
            super().__init__(owner, 0.2)

        def start(self, work):
            begun.append(super().start(work))
            return begun[-1]

    monkeypatch.setattr(webhooks, "ReplyDeadline", Hurried)
    monkeypatch.setattr(tools, "ReplyDeadline", Hurried)
    yield
    wait(begun)


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.setattr(tools, "_tools", {})
    seen = []

    def opening_hours(call):
        seen.append(call)
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
    [call] = tool
    assert (call.owner, call.call_id, call.arguments) == (user, CALL, {"day": "friday"})
    # Vapi asks again when an answer got lost: it gets the same one.
    assert send(payload("tool_calls")).json() == answer.json()
    assert tool[0].id == tool[1].id


@pytest.mark.django_db(transaction=True)
def test_a_webhook_that_waits_for_a_tool_lets_other_requests_in(send, tool):
    place = OnlyPlace()
    tools.register_tool("opening_hours", lambda call: str(place.is_left()))
    [result] = send(payload("tool_calls")).json()["results"]
    assert result["result"] == "True"


@pytest.mark.django_db(transaction=True)
def test_a_tool_runs_under_the_id_of_its_webhook(send, tool):
    tools.register_tool("opening_hours", lambda call: correlation.current())
    [result] = send(payload("tool_calls")).json()["results"]
    assert result["result"] == Delivery.objects.get().correlation_id


def call_of(name, arguments="{}", number=1):
    return {"id": f"call_{number}", "function": {"name": name, "arguments": arguments}}


@pytest.mark.django_db(transaction=True)
def test_every_tool_call_gets_its_own_word(send, tool):
    def fail(call):
        raise RuntimeError("planted-0013")

    def decline(call):
        raise Conflict("The calendar is full.")

    tools.register_tool("broken", fail)
    tools.register_tool("booking", decline)
    calls = [call_of("nothing"), call_of("broken"), call_of("booking")]
    calls += [call_of("opening_hours", given) for given in ({"day": "x"}, "{", "[" * 9999, None)]
    found = send(payload("tool_calls", toolCallList=calls)).json()["results"]
    assert [one.get("error") or one["result"] for one in found] == [
        "There is no tool named nothing.",
        "Something went wrong with this.",
        "The calendar is full.",
        *["8 to 14"] * 4,
    ]
    # They run side by side.
    assert sorted(str(call.arguments) for call in tool) == ["{'day': 'x'}", *["{}"] * 3]


DAY = {"day": "monday"}
TEXT = '{"day": "monday"}'
FLAT = {"id": "call_1", "name": "opening_hours"}
NESTED = {"name": "opening_hours"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "message",
    [
        *({"toolCallList": [{**FLAT, "arguments": given}]} for given in (DAY, TEXT)),
        *({"toolCallList": [{**FLAT, "parameters": given}]} for given in (DAY, TEXT)),
        {"toolCallList": [{**FLAT, "type": "function", "function": {"arguments": TEXT}}]},
        *(
            {"toolCallList": [{"id": "call_1", "function": {**NESTED, "arguments": given}}]}
            for given in (DAY, TEXT)
        ),
        {"toolCallList": [{"id": "call_1", "function": {**NESTED, "parameters": DAY}}]},
        {"toolCalls": [{"id": "call_1", "function": {**NESTED, "arguments": TEXT}}]},
        {
            "toolCallList": [],
            "toolWithToolCallList": [
                {"name": "opening_hours", "toolCall": {"id": "call_1", "parameters": DAY}}
            ],
        },
    ],
)
def test_a_tool_call_is_run_flat_or_nested_with_an_object_or_a_text(send, tool, message):
    lists = {"toolCallList": None, "toolCalls": None, "toolWithToolCallList": None}
    answer = send(payload("tool_calls", **lists | message)).json()
    expected = {"toolCallId": "call_1", "name": "opening_hours", "result": "8 to 14"}
    assert answer == {"results": [expected]}
    assert [(call.id, call.arguments) for call in tool] == [("call_1", DAY)]


@pytest.mark.django_db(transaction=True)
def test_a_flat_tool_call_is_as_limited_as_a_nested_one(send, tool):
    call = {**FLAT, "arguments": {"text": "x" * 20_000}}
    [found] = send(payload("tool_calls", toolCallList=[call])).json()["results"]
    assert found["error"] == "The arguments are too large: at most 16 KiB."
    assert tool == []


@pytest.mark.django_db(transaction=True)
def test_a_slow_tool_does_not_keep_the_caller_waiting(send, tool, in_a_hurry):
    done = Event()
    tools.register_tool("slow", lambda call: str(done.wait(20)))
    calls = [call_of("slow"), call_of("opening_hours")]
    started = time.monotonic()
    found = send(payload("tool_calls", toolCallList=calls)).json()["results"]
    assert time.monotonic() - started < 10
    done.set()
    assert found[0]["error"] == "This takes too long right now."


@pytest.mark.django_db(transaction=True)
def test_an_incoming_call_gets_the_default_assistant(send, user, settings):
    settings.VAPI_BASE_URL = "http://127.0.0.1:9"  # no request leaves
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


@pytest.mark.django_db(transaction=True)
def test_a_tenants_hanging_tools_keep_nobody_else_waiting(send, tool, user, stranger):
    theirs = store_key(stranger, webhook_secret="their-own-secret").pk
    done, begun = Event(), []

    def hang(call):
        begun.append(call.owner)
        return str(done.wait(30))

    def flood(number):
        try:
            body = payload(
                "tool_calls", toolCallList=[{**call_of("hang"), "id": f"flood-{number}"}]
            )
            return send(body, to=theirs, secret="their-own-secret").json()["results"][0]
        finally:
            connection.close()

    tools.register_tool("hang", hang)
    with ThreadPoolExecutor(10) as vapi:
        flooded = time.monotonic()
        floods = [vapi.submit(flood, number) for number in range(10)]
        try:
            ended = as_completed(floods, timeout=30)
            at_once = [next(ended).result() for _ in range(6)]
            assert time.monotonic() - flooded < SECONDS
            started = time.monotonic()
            calls = [call_of("opening_hours") for _ in range(5)]
            mine = send(payload("tool_calls", toolCallList=calls)).json()["results"]
            assert time.monotonic() - started < SECONDS
        finally:
            done.set()
    assert [one["result"] for one in mine] == ["8 to 14"] * 5
    assert [one["error"] for one in at_once] == ["This takes too long right now."] * 6
    assert set(begun) == {stranger}
    assert sum("result" in one.result() for one in floods) <= reply_deadline.WAITING_OF_A_USER


@pytest.mark.django_db(transaction=True)
def test_a_tool_runs_as_the_tenant_whose_address_was_called(send, tool, user, stranger):
    theirs = store_key(stranger, webhook_secret="their-own-secret").pk
    send(payload("tool_calls"), to=theirs, secret="their-own-secret")
    send(payload("tool_calls"))
    assert [call.owner for call in tool] == [stranger, user]
