"""Every webhook of Vapi's that the sandbox sends, held against Vapi's documents of them."""

import copy
import json
from typing import Any

import pytest

from sandbox.tests.app import App
from sandbox.tests.client import Client
from sandbox.tests.conftest import PERSON
from sandbox.tests.test_vapi import FRONT_DESK
from sandbox.tests.test_vapi_calls import CALL, FREE_NUMBER
from sandbox.tests.vapi_spec import check_reply, check_webhook, expects_an_answer
from sandbox.vapi.webhooks import DEFAULT_MESSAGES

WISH = {"name": "open_hours", "arguments": {"day": "monday"}}
OUTSIDE = {"kind": "call", "provider": "vapi", "from": PERSON, "to": "+15005550011"}
REPORT = "end-of-call-report"


@pytest.fixture(autouse=True)
def _short_talks(control: Client) -> None:
    control.post("/pace", {"speed": 500, "ring_ms": 20})


def reported(app: App, count: int) -> list[Any]:
    """The messages that have come, each as the documents have it."""
    bodies = [json.loads(one.body) for one in app.wait_for("/vapi", count)]
    for body in bodies:
        check_webhook(body)
    return [body["message"] for body in bodies]


def words(messages: list[Any]) -> list[str]:
    """Their types; of a status the status."""
    return [one.get("status") or one["type"] for one in messages]


def place(vapi: Client, app: App) -> None:
    server = {"url": f"{app.url}/vapi", "headers": {"X-Vapi-Secret": "s"}}
    answer = vapi.post("/call", {**CALL, "assistantOverrides": {"server": server}})
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    ("behaviour", "statuses"),
    [
        ("answer", ["queued", "ringing", "in-progress", "ended", REPORT]),
        ("no-answer", ["queued", "ringing", "ended", REPORT]),
        ("busy", ["queued", "ended", REPORT]),
        ("fail", ["queued", "ended", REPORT]),
    ],
)
def test_what_is_reported_of_a_call_is_as_documented(
    vapi: Client, app: App, control: Client, behaviour: str, statuses: list[str]
) -> None:
    control.post("/phone", {"to": PERSON, "behaviour": behaviour})
    place(vapi, app)
    assert words(reported(app, len(statuses))) == statuses


def test_a_question_in_a_call_is_as_documented(vapi: Client, app: App, control: Client) -> None:
    control.post("/phone", {"to": PERSON, "behaviour": "answer", "tool_calls": [WISH, WISH]})
    place(vapi, app)
    messages = reported(app, 6)
    [asked] = [one for one in messages if one["type"] == "tool-calls"]
    assert len(asked["toolCallList"]) == len(asked["toolWithToolCallList"]) == 2


@pytest.mark.parametrize("taken", [True, False])
def test_what_is_asked_and_reported_of_a_call_from_outside_is_as_documented(
    vapi: Client, app: App, control: Client, taken: bool
) -> None:
    app.answers["/vapi"] = json.dumps({"assistantId": FRONT_DESK} if taken else {"error": "No."})
    vapi.patch(f"/assistant/{FRONT_DESK}", {"server": {"url": f"{app.url}/vapi"}})
    vapi.patch(f"/phone-number/{FREE_NUMBER}", {"server": {"url": f"{app.url}/vapi"}})
    control.post("/incoming", OUTSIDE)
    whole = ["in-progress", "ended", REPORT] if taken else ["ended", REPORT]
    assert words(reported(app, 1 + len(whole))) == ["assistant-request", *whole]


def test_no_kind_is_sent_that_is_not_held_here() -> None:
    # What a server does not get unless it asks for it, the sandbox never sends.
    assert {"status-update", REPORT, "tool-calls"} == DEFAULT_MESSAGES
    assert {
        kind for kind in (*DEFAULT_MESSAGES, "assistant-request") if expects_an_answer(kind)
    } == {
        "tool-calls",
        "assistant-request",
    }


@pytest.fixture
def whole(vapi: Client, app: App, control: Client) -> dict[str, Any]:
    """One good body of each type."""
    control.post("/phone", {"to": PERSON, "behaviour": "answer", "tool_calls": [WISH]})
    place(vapi, app)
    return {one["type"]: {"message": one} for one in reported(app, 6)}


TYPOS: list[tuple[str, tuple[str | int, ...]]] = [
    ("status-update", ("status",)),
    ("status-update", ("call", "customer", "number")),
    ("status-update", ("phoneNumber", "number")),
    (REPORT, ("artifact", "recording", "mono", "combinedUrl")),
    (REPORT, ("artifact", "messages", 0, "secondsFromStart")),
    (REPORT, ("artifact", "transcript")),
    (REPORT, ("analysis", "summary")),
    (REPORT, ("call", "transport", "callSid")),
    (REPORT, ("call", "assistantOverrides", "server", "url")),
    ("tool-calls", ("toolCallList", 0, "function", "arguments")),
    ("tool-calls", ("toolWithToolCallList", 0, "toolCall")),
]


@pytest.mark.parametrize(("kind", "path"), TYPOS)
def test_a_misspelt_field_is_reported_wherever_it_is(
    whole: dict[str, Any], kind: str, path: tuple[str | int, ...]
) -> None:
    body = copy.deepcopy(whole[kind])
    *way, last = path
    part = body["message"]
    for step in way:
        part = part[step]
    part[f"{last}s"] = part.pop(last)
    with pytest.raises(AssertionError):
        check_webhook(body)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"status": "over"}, "status"),
        ({"type": "status"}, "no webhook that the document knows"),
        ({"timestamp": "now"}, "timestamp"),
        ({"customer": {"number": 5}}, "number"),
        ({"call": {"id": "1"}}, "required property"),
    ],
)
def test_a_wrong_value_is_reported(whole: dict[str, Any], change: Any, complaint: str) -> None:
    body = {"message": {**whole["status-update"]["message"], **change}}
    with pytest.raises(AssertionError, match=complaint):
        check_webhook(body)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (
            "tool-calls",
            {"results": [{"toolCallId": "a", "name": "b", "result": "c"}]},
            {"results": [{"toolCallId": "a", "result": "c"}]},
        ),
        (
            "tool-calls",
            {"results": [{"toolCallId": "a", "name": "b", "error": "c"}]},
            {"results": [{"toolCallId": "a", "name": "b", "eror": "c"}]},
        ),
        ("assistant-request", {"assistantId": FRONT_DESK}, {"assistantID": FRONT_DESK}),
        ("assistant-request", {"error": "No."}, {"error": {"text": "No."}}),
    ],
)
def test_a_wrong_answer_is_distinguished_from_a_right_one(kind: str, good: Any, bad: Any) -> None:
    check_reply(kind, good)
    with pytest.raises(AssertionError):
        check_reply(kind, bad)
