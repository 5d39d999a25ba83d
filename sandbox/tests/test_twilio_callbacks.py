"""Requests of each kind that Twilio's part of the sandbox makes, held against Twilio's pages."""

from typing import Any
from urllib.parse import parse_qsl

import pytest
from twilio.request_validator import RequestValidator

from sandbox.tests import twilio_callbacks as pages
from sandbox.tests.app import App, Callback
from sandbox.tests.client import Client
from sandbox.tests.conftest import FRONT_DESK, PERSON, Twilio

NUMBER = "/IncomingPhoneNumbers/PN" + "0" * 31 + "1.json"
ALL = ["initiated", "ringing", "answered", "completed"]
SAY = "<Response><Say>Hello</Say></Response>"
WAIT = '<Response><Pause length="14000"/></Response>'
OUTSIDE = {"kind": "call", "from": PERSON, "to": FRONT_DESK}

Rows = dict[str, pages.Row]


def held(app: App, path: str, count: int, rows: Rows) -> list[dict[str, str]]:
    """Callbacks at a path: as Twilio's pages have it, signed, as a form."""
    reported = app.wait_for(path, count)
    return [_held(app, one, rows) for one in reported]


def _held(app: App, one: Callback, rows: Rows) -> dict[str, str]:
    if one.method == "POST":
        kind = one.headers["content-type"].partition(";")[0]
        assert kind == "application/x-www-form-urlencoded"
        pairs, signed = parse_qsl(one.body.decode(), keep_blank_values=True), dict(one.fields)
    else:
        pairs, signed = parse_qsl(one.path.partition("?")[2], keep_blank_values=True), {}
    validator = RequestValidator("twilio-demo-token")
    assert validator.validate(app.url + one.path, signed, one.headers["x-twilio-signature"])
    return pages.check(rows, pairs)


@pytest.mark.parametrize(
    ("behaviour", "reported", "code"),
    [
        ("answer", ["initiated", "ringing", "in-progress", "completed"], "200"),
        ("no-answer", ["initiated", "ringing", "no-answer"], "487"),
        ("busy", ["initiated", "busy"], "486"),
        ("fail", ["initiated", "failed"], "404"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_what_is_reported_of_a_call_is_on_twilios_pages(
    twilio: Twilio, app: App, control: Client, behaviour: str, reported: list[str], code: str,
    method: str,
) -> None:  # fmt: skip
    control.post("/phone", {"to": PERSON, "behaviour": behaviour})
    url = f"{app.url}/status"
    twilio.ring(Twiml=SAY, StatusCallback=url, StatusCallbackEvent=ALL, StatusCallbackMethod=method)
    heard = held(app, "/status", len(reported), pages.CALL_STATUS)
    assert [one["CallStatus"] for one in heard] == reported
    assert [one["SequenceNumber"] for one in heard] == [str(n) for n in range(len(reported))]
    assert heard[-1]["SipResponseCode"] == code
    assert (int(heard[-1]["CallDuration"]) > 0) == (behaviour == "answer")


@pytest.mark.parametrize("when", ["queued", "ringing"])
def test_what_is_reported_of_a_call_that_is_called_off_is_on_twilios_pages(
    twilio: Twilio, app: App, control: Client, when: str
) -> None:
    control.post("/phone", {"to": PERSON, "behaviour": "answer", "ring_ms": 60_000})
    if when == "queued":
        control.post("/pace", {"calls_per_second": 0.01})
        twilio.ring(Twiml=WAIT)
    sid = twilio.ring(Twiml=WAIT, StatusCallback=f"{app.url}/status")["sid"]
    twilio.becomes("Calls", sid, when)
    twilio.send(f"/Calls/{sid}.json", Status="completed")
    [reported] = held(app, "/status", 1, pages.CALL_STATUS)
    assert (reported["CallStatus"], reported["CallDuration"]) == ("canceled", "0")


def test_what_is_asked_when_a_call_is_answered_is_on_twilios_pages(
    twilio: Twilio, app: App
) -> None:
    app.answers["/voice"] = "<Response><Redirect method='GET'>/next</Redirect></Response>"
    app.answers["/next"] = SAY
    twilio.ring(Url=f"{app.url}/voice")
    for path in ("/voice", "/next"):
        [asked] = held(app, path, 1, pages.VOICE)
        assert (asked["CallStatus"], asked["Direction"]) == ("in-progress", "outbound-api")


def test_what_is_asked_about_a_call_from_outside_is_on_twilios_pages(
    twilio: Twilio, app: App, control: Client
) -> None:
    app.answers["/voice"] = SAY
    where = {"VoiceUrl": f"{app.url}/voice", "StatusCallback": f"{app.url}/status"}
    twilio.send(NUMBER, **where)
    control.post("/incoming", OUTSIDE)
    [asked] = held(app, "/voice", 1, pages.VOICE)
    assert (asked["CallStatus"], asked["Direction"], asked["From"]) == (
        "ringing",
        "inbound",
        PERSON,
    )
    [reported] = held(app, "/status", 1, pages.CALL_STATUS)
    assert (reported["CallStatus"], reported["Direction"]) == ("completed", "inbound")


@pytest.mark.parametrize(
    ("behaviour", "status", "steps"),
    [("answer", "completed", 4), ("busy", "busy", 2), ("no-answer", "no-answer", 3)],
)
def test_what_is_reported_of_whom_a_caller_is_put_through_to_is_on_twilios_pages(
    twilio: Twilio, app: App, control: Client, behaviour: str, status: str, steps: int
) -> None:
    number = f'<Number statusCallback="{app.url}/leg" statusCallbackEvent="{" ".join(ALL)}">'
    dial = f'<Dial action="/after">{number}+15551230077</Number></Dial>'
    app.answers["/voice"] = f"<Response>{dial}</Response>"
    app.answers["/after"] = "<Response/>"
    twilio.send(NUMBER, VoiceUrl=f"{app.url}/voice")
    control.post("/phone", {"to": "+15551230077", "behaviour": behaviour})
    sid = control.post("/incoming", OUTSIDE).json()["sid"]
    [after] = held(app, "/after", 1, pages.DIALLED)
    assert after["DialCallStatus"] == status
    assert after["DialBridged"] == str(behaviour == "answer").lower()
    for reported in held(app, "/leg", steps, pages.CALL_STATUS):
        assert (reported["Direction"], reported["ParentCallSid"]) == ("outbound-dial", sid)


def test_what_a_menu_brings_and_what_the_fallback_gets_is_on_twilios_pages(
    twilio: Twilio, app: App, control: Client
) -> None:
    control.post("/phone", {"to": PERSON, "behaviour": "answer", "digits": "12#"})
    app.answers["/voice"] = '<Response><Gather action="/menu"/></Response>'
    app.answers["/menu"] = lambda _: (500, "")
    twilio.ring(Url=f"{app.url}/voice")
    [menu] = held(app, "/menu", 1, pages.GATHERED)
    assert menu["Digits"] == "12#"
    twilio.ring(Url=f"{app.url}/menu?", FallbackUrl=f"{app.url}/fallback")
    [failed] = held(app, "/fallback", 1, pages.FALLBACK)
    assert (failed["ErrorCode"], failed["ErrorUrl"]) == ("11200", f"{app.url}/menu?")


@pytest.mark.parametrize(
    ("texts", "reported"),
    [
        ("delivered", ["sending", "sent", "delivered"]),
        ("undelivered", ["sending", "sent", "undelivered"]),
        ("failed", ["sending", "failed"]),
    ],
)
def test_what_is_reported_of_a_message_is_on_twilios_pages(
    twilio: Twilio, app: App, control: Client, texts: str, reported: list[str]
) -> None:
    control.post("/phone", {"to": PERSON, "behaviour": "answer", "texts": texts})
    twilio.text(StatusCallback=f"{app.url}/status")
    heard = held(app, "/status", len(reported), pages.MESSAGE_STATUS)
    assert [one["MessageStatus"] for one in heard] == reported
    assert ("RawDlrDoneDate" in heard[-1]) == (texts != "failed")


def test_what_is_reported_of_a_message_that_is_called_off_is_on_twilios_pages(
    twilio: Twilio, app: App, control: Client
) -> None:
    control.post("/pace", {"text_ms": 60_000})
    sid = twilio.text(StatusCallback=f"{app.url}/status")["sid"]
    twilio.send(f"/Messages/{sid}.json", Status="canceled")
    [reported] = held(app, "/status", 1, pages.MESSAGE_STATUS)
    assert reported["MessageStatus"] == "canceled"


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize(("words", "segments"), [("", "1"), ("Où? ✓", "1"), ("Open? " * 50, "2")])
def test_what_is_shown_of_a_message_from_outside_is_on_twilios_pages(
    twilio: Twilio, app: App, control: Client, words: str, segments: str, method: str
) -> None:
    app.answers["/sms"] = '<Response><Message statusCallback="/heard">Yes</Message></Response>'
    twilio.send(NUMBER, SmsUrl=f"{app.url}/sms", SmsMethod=method)
    control.post("/incoming", {**OUTSIDE, "kind": "message", "body": words})
    [asked] = held(app, "/sms", 1, pages.MESSAGE)
    assert (asked["Body"], asked["NumSegments"]) == (words, segments)
    reported = held(app, "/heard", 3, pages.MESSAGE_STATUS)
    assert reported[-1]["MessageStatus"] == "delivered"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"CallStaus": "completed"}, "on no page: {'CallStaus'}"),
        ({"CallDuration": None}, "CallDuration is missing"),
        ({"CallDuration": "1.5"}, "CallDuration: '1.5'"),
        ({"CallStatus": "ended"}, "Duration does not belong here|CallStatus: 'ended'"),
        ({"CallStatus": "ringing"}, "Duration does not belong here"),
        ({"Timestamp": "2026-01-05T08:00:00Z"}, "Timestamp: "),
        ({"Caller": "+15005550010"}, "Caller: "),
        ({"ParentCallSid": "CA" + "0" * 32}, "ParentCallSid does not belong here"),
        ({"CallbackSource": None}, "CallbackSource is missing"),
    ],
)
def test_a_callback_that_is_on_no_page_is_distinguished_from_one_that_is(
    twilio: Twilio, app: App, change: dict[str, Any], complaint: str
) -> None:
    twilio.ring(Twiml=SAY, StatusCallback=f"{app.url}/status")
    [reported] = held(app, "/status", 1, pages.CALL_STATUS)
    changed = {name: value for name, value in {**reported, **change}.items() if value is not None}
    with pytest.raises(AssertionError, match=complaint):
        pages.check(pages.CALL_STATUS, list(changed.items()))
    with pytest.raises(AssertionError, match="twice"):
        pages.check(pages.CALL_STATUS, [*reported.items(), ("CallSid", reported["CallSid"])])
