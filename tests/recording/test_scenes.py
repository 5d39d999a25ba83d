"""Incidents of each kind: what their captures hold, and that they come again."""

import time
from contextlib import ExitStack
from typing import Any

import pytest
from django.utils import timezone

from ava import upstream
from ava.recording.parts import NotRepeatable
from ava.recording.scenario import Scenario
from ava.recording.tracks import side_by_side
from integrations.breakers import services as breakers
from tests.recording.studio import ADDRESS, PERSON, WORDS, Studio

CALL = ("POST", "/twilio/calls", {"to": PERSON, "say": WORDS})
MESSAGE = ("POST", "/twilio/messages", {"to": PERSON, "body": WORDS})
MAIL = ("POST", "/integrations/email/messages", {"to": [ADDRESS], "subject": "A", "text": WORDS})
EDIT = ("PUT", "/vapi/settings/temperature", {"value": 0.5})


def fail(studio: Studio, provider: str, kind: str, *, count: int = 1, **more: Any) -> None:
    studio.played.faults.add(provider, kind, count=count, **more)


def again(studio: Studio, scenario: Scenario) -> None:
    """It comes again."""
    outcome = studio.replay(scenario)
    seen = "\n".join(side_by_side(scenario.tracks, outcome.tracks))
    assert outcome.is_same, f"{seen}\n{scenario.effects} {outcome.effects}"


def test_a_call_that_was_placed_although_its_answer_was_lost(studio: Studio) -> None:
    fail(studio, "twilio", "reset", match="POST /", when="after")
    scenario = studio.capture(studio.record(*CALL))
    assert scenario.answers["twilio"][-1] == {"kind": "reset", "when": "after"}
    assert scenario.tracks["requests"] == ["POST /api/v1/twilio/calls 202"]
    assert scenario.tracks["call 1"][:2] == ["pending", "unknown"]
    assert scenario.tracks["call 1"][-1] == "completed"
    assert scenario.effects == {"calls": 1}
    [asked] = scenario.requests
    assert asked.body["to"].startswith("+1")
    assert len(asked.body["say"]) == len(WORDS)
    again(studio, scenario)


def test_a_call_that_never_arrived_is_placed_once_by_the_job(studio: Studio) -> None:
    fail(studio, "twilio", "status", match="POST /", status=503)
    studio.order("phone", {"to": PERSON, "behaviour": "busy"})
    scenario = studio.capture(studio.record(*CALL))
    assert scenario.phones == [{"to": scenario.requests[0].body["to"], "behaviour": "busy"}]
    assert scenario.tracks["call 1"][-1] == "busy"
    assert scenario.effects == {}
    again(studio, scenario)


def test_callbacks_come_again_in_their_order(studio: Studio) -> None:
    turns = [{"event": event} for event in ("delivered", "sending")]
    studio.order("callbacks", {"order": turns})
    scenario = studio.capture(studio.record(*MESSAGE))
    assert [turn["event"] for turn in scenario.callbacks or []] == ["delivered", "sending"]
    assert scenario.tracks["webhooks twilio message-status"] == ["delivered", "sending"]
    again(studio, scenario)


def test_callbacks_that_came_after_ava_had_looked_come_after_its_look_again(
    studio: Studio,
) -> None:
    fail(studio, "twilio", "reset", match="POST /", when="after")
    studio.order("callbacks", {"delay_ms": 1500})
    studio.record(*MESSAGE, under="late")
    time.sleep(0.7)
    studio.settle()
    scenario = studio.capture("late")
    assert scenario.tracks["twilio"][-2].endswith("Messages.json no answer")
    assert scenario.tracks["twilio"][-1].endswith("Messages.json 200")
    assert "delivered" in scenario.tracks["webhooks twilio message-status"]
    again(studio, scenario)


def test_a_message_that_twilio_refused_is_refused_for_the_same_reason(studio: Studio) -> None:
    fail(studio, "twilio", "status", match="POST /", status=400, error="21610")
    scenario = studio.capture(studio.record(*MESSAGE))
    assert scenario.answers["twilio"][-1]["error"] == "21610"
    assert scenario.tracks["message 1"] == ["pending", "failed"]
    again(studio, scenario)


def test_a_mail_whose_answer_was_lost_goes_out_once(studio: Studio) -> None:
    studio.use("resend")
    fail(studio, "resend", "hang", when="after")
    scenario = studio.capture(studio.record(*MAIL))
    assert scenario.accounts == ["resend"]
    assert scenario.requests[0].body["to"] == ["person1@example.com"]
    assert scenario.effects == {"mails": 1}
    again(studio, scenario)


@pytest.mark.parametrize("trouble", ["delivered", "bounced", "complained"])
def test_what_became_of_a_mail_is_reported_again(studio: Studio, trouble: str) -> None:
    studio.use("resend")
    method, path, body = MAIL
    scenario = studio.capture(studio.record(method, path, {**body, "to": f"{trouble}@resend.dev"}))
    assert scenario.tracks["mail 1"][-1] == trouble
    assert [turn["event"] for turn in scenario.callbacks or []][-1:] == [trouble]
    again(studio, scenario)


@pytest.mark.parametrize(
    ("faults", "status", "effects"),
    [
        ([], "sent", {"mails": 1}),
        ([{"kind": "reset", "match": "MAIL /"}], "failed", {}),
        ([{"kind": "status", "status": 535, "count": 2}], "failed", {}),
        ([{"kind": "status", "status": 550, "match": "MAIL /"}], "failed", {}),
        ([{"kind": "status", "status": 554}], "failed", {}),
        ([{"kind": "hang"}], "unknown", {}),
    ],
)
def test_a_mail_by_smtp(
    studio: Studio, faults: list[dict[str, Any]], status: str, effects: dict[str, int]
) -> None:
    studio.use("smtp")
    for one in faults:
        studio.order("faults", {"provider": "smtp", "count": 1, **one})
    scenario = studio.capture(studio.record(*MAIL))
    assert scenario.accounts == ["smtp"]
    assert scenario.tracks["mail 1"][-1] == status
    assert len(scenario.tracks["smtp"]) == 1
    assert scenario.effects == effects
    again(studio, scenario)


def test_a_mail_that_went_by_smtp_as_resend_was_down(studio: Studio) -> None:
    studio.use("resend")
    studio.use("smtp")
    fail(studio, "resend", "status", status=503, count=3)
    method, path, body = MAIL
    fail(studio, "smtp", "status", match="RCPT /refused@hopper.example", status=550)
    people = [ADDRESS, "refused@hopper.example"]
    scenario = studio.capture(studio.record(method, path, {**body, "to": people}))
    assert scenario.accounts == ["resend", "smtp"]
    assert scenario.tracks["smtp"] == ["SESSION / answered"]
    assert {"kind": "status", "match": "RCPT /person2@example.com", "status": 550} in (
        scenario.answers["smtp"]
    )
    again(studio, scenario)


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_edit_whose_answer_was_lost(studio: Studio, when: str) -> None:
    fail(studio, "vapi", "reset", match="PATCH /", when=when)
    scenario = studio.capture(studio.record(*EDIT))
    made = scenario.tracks["revision"] == ["confirmed"]
    assert made == (when == "after")
    again(studio, scenario)


def test_an_edit_of_a_setting_that_was_known_already(studio: Studio) -> None:
    studio.record("GET", "/vapi/settings")
    fail(studio, "vapi", "status", match="PATCH /", status=500)
    scenario = studio.capture(studio.record(*EDIT))
    assert [ask.path for ask in scenario.before] == ["/api/v1/vapi/settings"]
    again(studio, scenario)


def test_a_setting_of_ones_own_keeps_its_name_and_value_to_itself(studio: Studio) -> None:
    body = {"value": {"grace": [WORDS, 4155557788]}}
    scenario = studio.capture(studio.record("PUT", "/vapi/settings/grace_471100", body))
    [asked] = scenario.requests
    assert asked.path == "/api/v1/vapi/settings/custom_1"
    assert asked.body == {"value": {"name1": [asked.body["value"]["name1"][0], 1]}}
    again(studio, scenario)


def test_a_read_in_an_outage(studio: Studio) -> None:
    fail(studio, "vapi", "garbage")
    scenario = studio.capture(studio.record("GET", "/vapi/settings"))
    assert scenario.tracks["requests"] == ["GET /api/v1/vapi/settings 502"]
    again(studio, scenario)


def test_a_read_that_the_last_copy_answered(studio: Studio, settings: Any) -> None:
    settings.VAPI_CACHE_SECONDS = 0
    studio.record("GET", "/vapi/settings")
    fail(studio, "vapi", "status", count=3, status=500)
    scenario = studio.capture(studio.record("GET", "/vapi/settings"))
    assert scenario.tracks["requests"] == ["GET /api/v1/vapi/settings 200"]
    assert scenario.environment["VAPI_CACHE_SECONDS"] == "0"
    again(studio, scenario)


def test_a_breaker_that_was_about_to_open(studio: Studio) -> None:
    for _ in range(2):
        fail(studio, "twilio", "status", status=503, headers={"Retry-After": "60"})
        studio.record("GET", "/twilio/numbers")
    fail(studio, "twilio", "status", status=503, headers={"Retry-After": "60"})
    scenario = studio.capture(studio.record("GET", "/twilio/numbers"))
    assert scenario.failures_before == {"twilio": 2}
    assert scenario.tracks["breaker twilio"] == ["closed to open"]
    again(studio, scenario)


def test_a_request_that_an_open_breaker_refused(studio: Studio) -> None:
    for _ in range(3):
        fail(studio, "twilio", "status", status=503, headers={"Retry-After": "60"})
        studio.record("GET", "/twilio/numbers")
    scenario = studio.capture(studio.record(*MESSAGE))
    assert scenario.failures_before == {"twilio": 3}
    assert scenario.tracks["requests"] == ["POST /api/v1/twilio/messages 503"]
    again(studio, scenario)


def test_a_call_and_its_hang_up_under_one_id(studio: Studio) -> None:
    studio.order("pace", {"speed": 1})
    studio.order("phone", {"to": PERSON, "behaviour": "answer"})
    method, path, body = CALL
    placed = studio.ask(method, f"/api/v1{path}", body, correlation_id="one-id")
    studio.ask(
        "POST", f"/api/v1/twilio/calls/{placed.body['id']}/hangup", None, correlation_id="one-id"
    )
    studio.settle()
    scenario = studio.capture("one-id")
    assert scenario.requests[1].path == "/api/v1/twilio/calls/{1}/hangup"
    assert scenario.tracks["requests"][1].startswith("POST /api/v1/twilio/calls/<uuid:call_id>")


def test_what_ava_refused_for_what_it_said_cannot_be_captured(studio: Studio) -> None:
    for body in ({"to": "nobody", "say": WORDS}, {"to": PERSON}):
        refused = studio.record("POST", "/twilio/calls", body)
        with pytest.raises(NotRepeatable, match="AVA refused it"):
            studio.capture(refused)


def test_keys_are_not_captured(studio: Studio) -> None:
    body = {"api_key": "vapi-secret-471100"}
    stored = studio.record("PUT", "/integrations/vapi/credentials", body)
    with pytest.raises(NotRepeatable, match="cannot be repeated"):
        studio.capture(stored)


def test_nothing_under_an_id_is_nothing_to_capture(studio: Studio) -> None:
    with pytest.raises(NotRepeatable, match="Nothing"):
        studio.capture("nobodys")


def test_a_full_bulkhead_is_the_requests_of_others_which_are_not_captured(studio: Studio) -> None:
    bulkhead = upstream.door("twilio").bulkhead
    with ExitStack() as others:
        while not bulkhead.is_full:
            others.enter_context(bulkhead.slot())
        refused = studio.record("GET", "/twilio/numbers")
    with pytest.raises(NotRepeatable, match="as many requests to Twilio under way as it may have"):
        studio.capture(refused)


def test_an_open_breaker_of_mail_servers_cannot_be_played(studio: Studio) -> None:
    studio.use("smtp")
    held = {"provider": "smtp", "reason": "a rehearsal", "by": None, "now": timezone.now()}
    breakers.override(breakers.Forced.OPEN, **held)
    refused = studio.record(*MAIL)
    with pytest.raises(NotRepeatable, match="AVA asked no mail server"):
        studio.capture(refused)


def test_a_mail_server_that_ava_does_not_connect_to_cannot_be_played(
    studio: Studio, settings: Any
) -> None:
    studio.use("smtp")
    settings.SMTP_HOSTS, settings.PRODUCTION, settings.SANDBOX = (), True, False
    refused = studio.record(*MAIL)
    with pytest.raises(NotRepeatable, match="The mail server was not connected to"):
        studio.capture(refused)
