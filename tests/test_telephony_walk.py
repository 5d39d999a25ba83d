"""The walk of somebody who calls and texts for the first time; callbacks really arrive."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import requests

from sandbox.twilio import ACCOUNT_SID
from tests.server import RunningAva, until

pytestmark = pytest.mark.slow

FROM = "+15005550006"
VAPI_KEY = "vapi-demo-key"
ASSISTANT = {"name": "Hal", "model": {"provider": "openai", "model": "gpt-4o"}}
LIVES = {
    "delivered": ["pending", "queued", "sending", "sent", "delivered"],
    "completed": ["pending", "queued", "ringing", "in-progress", "completed"],
    "busy": ["pending", "queued", "busy"],
    "no-answer": ["pending", "queued", "ringing", "no-answer"],
}
people = count(1)


@pytest.fixture(scope="module")
def ava(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAva]:
    with RunningAva(tmp_path_factory.mktemp("telephony") / "var") as running:
        yield running.login()


@pytest.fixture
def person() -> str:
    return f"+1415555{next(people):04}"


@pytest.fixture
def _only_reports(ava: RunningAva) -> Iterator[None]:
    """Have Twilio refuse to show calls and messages, so that no fetch can overtake a report."""
    for what in ("Calls", "Messages"):
        match = f"GET /2010-04-01/Accounts/{ACCOUNT_SID}/{what}"
        ava.fault(provider="twilio", kind="status", status=429, match=match)
    yield
    ava.heal()


def place(ava: RunningAva, what: str, **body: str) -> dict[str, Any]:
    """Ask for a call or a message; what AVA answers at once."""
    answer = ava.call("POST", f"/twilio/{what}", json={"from": FROM, **body})
    assert answer.status_code == 201, answer.text
    placed = dict(answer.json())
    assert answer.headers["X-Correlation-ID"] == placed["correlation_id"]
    assert placed["provider_sid"]
    return placed


def look(ava: RunningAva, what: str, placed: dict[str, Any]) -> dict[str, Any]:
    return dict(ava.call("GET", f"/twilio/{what}/{placed['id']}").json())


def ends(ava: RunningAva, what: str, placed: dict[str, Any], status: str) -> dict[str, Any]:
    """How it stands once it stands so, with a timeline that is right."""
    until(lambda: look(ava, what, placed)["status"] == status)
    row = look(ava, what, placed)
    timeline = row["timeline"]
    assert [entry["at"] for entry in timeline] == sorted(entry["at"] for entry in timeline)
    assert timeline[0] | {"status": "pending", "source": "api"} == timeline[0]
    assert {entry["correlation_id"] for entry in timeline} == {placed["correlation_id"]}
    lived = [entry["status"] for entry in timeline]
    # A callback that another has overtaken tells nothing new.
    assert lived == [each for each in LIVES[status] if each in lived]
    assert lived[-1] == status
    return row


def rings(ava: RunningAva, person: str) -> int:
    return [call["to"] for call in ava.shown("effects")["calls"]].count(person)


@pytest.mark.usefixtures("_only_reports")
def test_a_message_is_sent_and_seen_delivered(ava: RunningAva, person: str) -> None:
    row = ends(ava, "messages", place(ava, "messages", to=person, body="Hello!"), "delivered")
    assert row["timeline"][-1]["source"] == "callback"
    [sent] = [one for one in ava.shown("effects")["messages"] if one["to"] == person]
    assert (sent["sid"], sent["body"]) == (row["provider_sid"], "Hello!")


@pytest.mark.usefixtures("_only_reports")
def test_a_call_is_answered_and_talks(ava: RunningAva, person: str) -> None:
    row = ends(ava, "calls", place(ava, "calls", to=person, say="Hello!"), "completed")
    assert "in-progress" in [entry["status"] for entry in row["timeline"]]
    assert row["timeline"][-1]["source"] == "callback"
    assert row["duration"] > 0
    [ring] = [call for call in ava.shown("effects")["calls"] if call["to"] == person]
    # What AVA served was said to its end.
    assert (ring["sid"], ring["ended"]) == (row["provider_sid"], "twiml")


@pytest.mark.parametrize(("behaviour", "phones"), [("busy", 0), ("no-answer", 1)])
def test_a_call_that_nobody_takes_says_why(
    ava: RunningAva, person: str, behaviour: str, phones: int
) -> None:
    ava.order("phone", to=person, behaviour=behaviour)
    row = ends(ava, "calls", place(ava, "calls", to=person, say="Hello!"), behaviour)
    assert row["duration"] == 0
    assert rings(ava, person) == phones


def test_a_running_call_is_hung_up(ava: RunningAva, person: str) -> None:
    talk = '<Response><Say>One moment.</Say><Pause length="3600"/></Response>'
    placed = place(ava, "calls", to=person, twiml=talk)
    until(lambda: look(ava, "calls", placed)["status"] == "in-progress")
    answer = ava.call("POST", f"/twilio/calls/{placed['id']}/hangup")
    assert answer.status_code == 200, answer.text
    row = answer.json()
    assert row["status"] == "completed"
    asked, ended = row["timeline"][-2:]
    assert (asked["source"], asked["detail"]) == ("user", "hang-up asked for")
    assert ended["status"] == "completed"
    # Who hung up can be found by the request that did.
    assert asked["correlation_id"] == answer.headers["X-Correlation-ID"]
    [ring] = [call for call in ava.shown("effects")["calls"] if call["to"] == person]
    assert ring["ended"] == "rest"
    assert ava.call("POST", f"/twilio/calls/{placed['id']}/hangup").json()["code"] == "call_ended"


def test_a_call_by_the_assistant_ends_with_transcript_and_cost(
    ava: RunningAva, person: str
) -> None:
    vapi = {"api_key": VAPI_KEY, "webhook_secret": "a-secret-between-vapi-and-ava"}
    assert ava.call("PUT", "/integrations/vapi/credentials", json=vapi).ok
    made = requests.post(
        f"http://127.0.0.1:{ava.sandbox_port}/vapi/assistant",
        json=ASSISTANT,
        headers={"Authorization": f"Bearer {VAPI_KEY}"},
        timeout=5,
    )
    placed = place(ava, "calls", to=person, assistant_id=made.json()["id"])
    ends(ava, "calls", placed, "completed")
    # The report comes a moment after the end.
    until(lambda: look(ava, "calls", placed)["transcript"])
    row = look(ava, "calls", placed)
    assert row["transcript"].startswith("AI: ")
    assert float(row["price"]) > 0
    assert (row["price_unit"], row["ended_reason"]) == ("USD", "assistant-ended-call")
    assert rings(ava, person) == 1


def test_a_message_is_found_by_whom_it_went_to(ava: RunningAva, person: str) -> None:
    placed = [place(ava, "messages", to=person, body=text) for text in ("One", "Two")]
    found = ava.call("GET", "/twilio/messages", params={"to": person}).json()
    assert found["count"] == 2
    # The newest first.
    assert [row["id"] for row in found["results"]] == [row["id"] for row in reversed(placed)]
    assert "Traceback" not in ava.output()
