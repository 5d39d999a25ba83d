"""Callbacks in an order of one's own, and answers one after the other."""

import time
from typing import Any

import pytest

from sandbox.server import Sandbox
from sandbox.tests.app import App, until
from sandbox.tests.client import Client
from sandbox.tests.conftest import Twilio


def told(app: App, count: int) -> list[str]:
    return [one.fields["MessageStatus"] for one in app.wait_for("/status", count)]


def order(control: Client, *events: str, **more: Any) -> Any:
    turns = [{"event": event, **more} for event in events]
    return control.post("/callbacks", {"order": turns})


def test_callbacks_leave_as_ordered_however_early_their_events_were(
    twilio: Twilio, app: App, control: Client
) -> None:
    order(control, "delivered", "sending", "sent", after_ms=5)
    twilio.text(StatusCallback=f"{app.url}/status")
    assert told(app, 3) == ["delivered", "sending", "sent"]


def test_a_turn_with_a_number_is_that_of_its_message_only(
    twilio: Twilio, app: App, control: Client
) -> None:
    first, second = "+14155550111", "+14155550112"
    order(control, f"{second} delivered", f"{first} sent", f"{first} delivered")
    for person in (first, second):
        twilio.text(To=person, StatusCallback=f"{app.url}/status")
    came = [(one.fields["To"], one.fields["MessageStatus"]) for one in app.wait_for("/status", 3)]
    assert came == [(second, "delivered"), (first, "sent"), (first, "delivered")]


def test_a_turn_may_wait_until_the_app_has_looked(
    twilio: Twilio, app: App, control: Client, sandbox: Sandbox
) -> None:
    control.post("/callbacks", {"order": [{"event": "delivered", "after_read": True}]})
    sid = twilio.text(StatusCallback=f"{app.url}/status")["sid"]
    until(lambda: (sandbox.twilio.messages.get(sid) or {})["status"] == "delivered")
    time.sleep(0.05)
    assert app.arrived == []
    until(lambda: twilio.get(f"/Messages/{sid}.json").ok and app.arrived)
    assert told(app, 1) == ["delivered"]


def test_what_the_order_does_not_name_is_lost(
    twilio: Twilio, app: App, control: Client, sandbox: Sandbox
) -> None:
    order(control, "delivered", "sending")
    twilio.text(StatusCallback=f"{app.url}/status")
    assert told(app, 2) == ["delivered", "sending"]
    sandbox.pause_callbacks()
    assert len(app.arrived) == 2


def test_a_turn_is_taken_by_one_of_several_that_have_the_event(
    twilio: Twilio, app: App, control: Client
) -> None:
    order(control, "sent", "sent", "delivered")
    for to in ("+15551230001", "+15551230002"):
        twilio.text(To=to, StatusCallback=f"{app.url}/status")
    arrived = app.wait_for("/status", 3)
    assert [one.fields["MessageStatus"] for one in arrived] == ["sent", "sent", "delivered"]
    assert len({one.fields["MessageSid"] for one in arrived[:2]}) == 2


def test_without_an_order_all_come_by_themselves_again(
    twilio: Twilio, app: App, control: Client
) -> None:
    order(control)
    control.post("/callbacks", {})
    twilio.text(StatusCallback=f"{app.url}/status")
    assert told(app, 3) == ["sending", "sent", "delivered"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"order": "sent"}, "order must be a list, or null."),
        ({"order": [{"after_ms": 1}]}, "In order: event is required."),
        ({"order": [{"event": ""}]}, "In order: event must be the name of an event"),
        ({"order": [], "drop": 0.5}, "order stands alone"),
    ],
)
def test_an_order_that_is_none_is_refused(control: Client, body: Any, sentence: str) -> None:
    answer = control.post("/callbacks", body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(sentence)


def test_each_request_gets_the_answer_of_its_turn(
    twilio: Twilio, sandbox: Sandbox, control: Client
) -> None:
    refused = {"kind": "status", "status": 400, "error": "21211"}
    for fault in ({"kind": "slow"}, refused, {"kind": "status", "status": 503}):
        control.post("/faults", {"provider": "twilio", "count": 1, **fault})
    text = {"To": "+15551230001", "From": "+15005550006", "Body": "Hello"}
    answers = [twilio.send("/Messages.json", **text) for _ in range(4)]
    assert [one.status_code for one in answers] == [201, 400, 503, 201]
    assert answers[1].json()["code"] == 21211
    assert sandbox.faults.pending() == []


def test_a_code_is_for_twilio_and_a_name_for_the_others(control: Client) -> None:
    for provider, error in (("twilio", "daily_quota_exceeded"), ("resend", "21211")):
        fault = {"provider": provider, "kind": "status", "status": 400, "error": error}
        assert control.post("/faults", fault).status_code == 400
