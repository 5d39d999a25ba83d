"""Batches, and calls that an assistant leads, captured and played again."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from ava.observability import recorder
from ava.recording import parts
from ava.recording.parts import NotRepeatable
from sandbox.vapi.seed import ASSISTANT_ID
from tests.recording.studio import PERSON, WORDS, Studio
from tests.recording.test_scenes import again, fail

LED = ("POST", "/twilio/calls", {"to": PERSON, "assistant_id": ASSISTANT_ID})


def reporting(studio: Studio) -> None:
    """Vapi reports calls of the assistant to AVA."""
    studio.use("vapi")
    studio.find(parts.found["assistant"])


def test_a_call_that_an_assistant_leads_and_vapi_reports(studio: Studio) -> None:
    reporting(studio)
    scenario = studio.capture(studio.record(*LED))
    assert scenario.requests[0].body["assistant_id"] == "{assistant}"
    assert scenario.accounts == ["vapi"]
    turns = ["queued", "ringing", "in-progress", "ended", "end-of-call-report"]
    assert [turn["event"] for turn in scenario.callbacks or []] == turns
    assert scenario.tracks["call 1"][-1] == "completed"
    assert scenario.effects == {"calls": 1}
    again(studio, scenario)


@pytest.mark.parametrize("behaviour", ["answer", "busy"])
def test_a_call_by_an_assistant_whose_answer_was_lost_is_found(
    studio: Studio, behaviour: str
) -> None:
    studio.order("phone", {"to": PERSON, "behaviour": behaviour})
    fail(studio, "vapi", "reset", match="POST /", when="after")
    scenario = studio.capture(studio.record(*LED))
    assert scenario.callbacks == []
    assert scenario.tracks["call 1"][1] == "unknown"
    assert scenario.tracks["call 1"][-1] == {"answer": "completed"}.get(behaviour, behaviour)
    again(studio, scenario)


@pytest.mark.parametrize("match", ["GET /phone-number", "GET /assistant", "POST /call"])
def test_a_call_by_an_assistant_that_vapi_did_not_take(studio: Studio, match: str) -> None:
    fail(studio, "vapi", "status", match=match, status=500, count=3)
    scenario = studio.capture(studio.record(*LED))
    again(studio, scenario)


def test_a_second_call_by_an_assistant_that_ava_knew(studio: Studio) -> None:
    studio.record(*LED)
    scenario = studio.capture(studio.record(*LED))
    assert len(scenario.before) == 2
    assert scenario.tracks["vapi"][0] == "POST /call 201"
    again(studio, scenario)


def test_a_call_in_which_the_assistant_used_a_tool_cannot_be_captured(studio: Studio) -> None:
    reporting(studio)
    tools = [{"name": "look_up", "arguments": {}}]
    studio.order("phone", {"to": PERSON, "behaviour": "answer", "tool_calls": tools})
    with pytest.raises(NotRepeatable, match="what was said is not captured"):
        studio.capture(studio.record(*LED))


def batch(*people: str) -> tuple[str, str, Any]:
    items = [{"to": one, "body": f"{WORDS} {nth}"} for nth, one in enumerate(people)]
    return "POST", "/twilio/messages/bulk", {"messages": items, "per_minute": 600}


def test_a_batch_of_which_one_answer_was_lost_and_one_message_refused(studio: Studio) -> None:
    for kind, more in (
        ("slow", {}),
        ("reset", {"when": "after"}),
        ("status", {"status": 400, "error": "21610"}),
        ("status", {"status": 503}),
    ):
        fail(studio, "twilio", kind, match="POST /", **more)
    studio.order("phone", {"to": PERSON, "behaviour": "answer", "texts": "undelivered"})
    people = [PERSON, "+14155557789", "+14155557790", "+14155557791"]
    scenario = studio.capture(studio.record(*batch(*people)))
    assert [len(scenario.tracks[f"message {nth}"]) > 1 for nth in (1, 2, 3, 4)] == [True] * 4
    assert scenario.tracks["message 1"][-1] == "undelivered"
    assert scenario.tracks["message 3"][-1] == "failed"
    assert scenario.effects == {"messages": 3}
    first = scenario.requests[0].body["messages"][0]["to"]
    assert f"{first} undelivered" in [turn["event"] for turn in scenario.callbacks or []]
    lost = [one for one in scenario.answers["twilio"] if one.get("when") == "after"]
    assert [one["kind"] for one in lost] == ["reset"]
    again(studio, scenario)


def test_a_batch_that_twilio_refused_for_its_key(studio: Studio) -> None:
    fail(studio, "twilio", "status", status=401)
    scenario = studio.capture(studio.record(*batch(PERSON)))
    assert scenario.tracks["requests"] == ["POST /api/v1/twilio/messages/bulk 401"]
    again(studio, scenario)


@pytest.mark.parametrize(
    ("path", "text"), [("/twilio/messages", {"body": WORDS}), ("/twilio/calls", {"say": WORDS})]
)
def test_what_was_for_later_is_for_later_again(
    studio: Studio, path: str, text: dict[str, str]
) -> None:
    send_at = (timezone.now() + timedelta(minutes=2)).isoformat()
    body = {"to": PERSON, "send_at": send_at, **text}
    scenario = studio.capture(studio.record("POST", path, body))
    assert scenario.requests[0].body["send_at"] == "{soon}"
    [track] = [one for name, one in scenario.tracks.items() if name in ("call 1", "message 1")]
    assert (track[0], track[-1]) in (("scheduled", "completed"), ("scheduled", "delivered"))
    again(studio, scenario)


def test_a_hang_up_of_a_call_of_another_incident_cannot_be_captured(studio: Studio) -> None:
    studio.order("pace", {"speed": 1})
    body = {"to": PERSON, "say": WORDS}
    placed = studio.ask("POST", "/api/v1/twilio/calls", body, correlation_id="first")
    path = f"/twilio/calls/{placed.body['id']}/hangup"
    with pytest.raises(NotRepeatable, match="another request had begun"):
        studio.capture(studio.record("POST", path, under="second"))


def test_what_no_request_began_cannot_be_captured(studio: Studio) -> None:
    facts = {"status": "done", "failed": False, "owner_id": studio.user.pk}
    recorder.record("job", "telephony.sweep", correlation_id="by itself", **facts)
    with pytest.raises(NotRepeatable, match="No request carries this ID"):
        studio.capture("by itself")


def test_a_batch_that_somebody_paused_cannot_be_captured(studio: Studio) -> None:
    method, path, body = batch(PERSON, "+14155557789")
    given = studio.ask(method, f"/api/v1{path}", {**body, "per_minute": 1}, correlation_id="b-1")
    place = f"/api/v1/twilio/messages/bulk/{given.body['id']}/pause"
    assert studio.ask("POST", place, None, correlation_id="b-2").status == 200
    with pytest.raises(NotRepeatable, match="paused or canceled"):
        studio.capture("b-1")
