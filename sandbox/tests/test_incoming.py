"""Calls and messages from outside, and where the account's numbers send them."""

from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from sandbox.server import Sandbox
from sandbox.tests.app import App
from sandbox.tests.client import Client
from sandbox.tests.conftest import FRONT_DESK, PERSON, Twilio

NUMBER = "PN" + "0" * 31 + "1"
CALL = {"kind": "call", "from": PERSON, "to": FRONT_DESK}
TEXT = {"kind": "message", "from": PERSON, "to": FRONT_DESK, "body": "Are you open?"}


def test_a_number_remembers_where_its_calls_go(twilio: Twilio) -> None:
    path = f"/IncomingPhoneNumbers/{NUMBER}.json"
    changed = twilio.send(path, VoiceUrl="http://127.0.0.1:1/voice", VoiceMethod="GET").json()
    assert (changed["voice_url"], changed["voice_method"]) == ("http://127.0.0.1:1/voice", "GET")
    assert (twilio.get(path).json(), changed["sms_url"]) == (changed, "")
    assert twilio.send(path, VoiceUrl="").json()["voice_url"] == ""
    assert twilio.send(path, SmsUrl="nowhere").json()["code"] == 21502
    assert twilio.get("/IncomingPhoneNumbers/PN1.json").json()["code"] == 20404


def test_a_call_from_outside_asks_the_app_and_obeys(
    twilio: Twilio, app: App, sandbox: Sandbox, control: Client
) -> None:
    app.answers["/voice"] = "<Response><Say>Welcome</Say></Response>"
    twilio.send(
        f"/IncomingPhoneNumbers/{NUMBER}.json",
        VoiceUrl=f"{app.url}/voice",
        StatusCallback=f"{app.url}/status",
    )
    call = control.post("/incoming", CALL).json()
    assert (call["direction"], call["status"]) == ("inbound", "ringing")
    [asked] = app.wait_for("/voice", 1)
    assert (asked.fields["CallStatus"], asked.fields["Direction"]) == ("ringing", "inbound")
    assert app.wait_for("/status", 1)[0].fields["CallStatus"] == "completed"
    assert twilio.get(f"/Calls/{call['sid']}.json").json()["status"] == "completed"
    assert sandbox.effects()["calls"] == []  # AVA's own number rang, no other


@pytest.mark.parametrize(("reason", "status"), [("busy", "busy"), ("rejected", "no-answer")])
def test_a_call_from_outside_can_be_rejected(
    twilio: Twilio, app: App, control: Client, reason: str, status: str
) -> None:
    app.answers["/voice"] = f'<Response><Reject reason="{reason}"/></Response>'
    twilio.send(f"/IncomingPhoneNumbers/{NUMBER}.json", VoiceUrl=f"{app.url}/voice")
    call = control.post("/incoming", CALL).json()
    assert twilio.becomes("Calls", call["sid"], status)["duration"] is None


def test_a_message_from_outside_is_shown_and_answered(
    twilio: Twilio, app: App, sandbox: Sandbox, control: Client
) -> None:
    app.answers["/sms"] = '<Response><Message statusCallback="/heard">Yes</Message></Response>'
    twilio.send(f"/IncomingPhoneNumbers/{NUMBER}.json", SmsUrl=f"{app.url}/sms")
    made = control.post("/incoming", TEXT).json()
    assert (made["direction"], made["status"]) == ("inbound", "received")
    [asked] = app.wait_for("/sms", 1)
    assert (asked.fields["Body"], asked.fields["MessageSid"]) == ("Are you open?", made["sid"])
    validator = RequestValidator("twilio-demo-token")
    signature = asked.headers["x-twilio-signature"]
    assert validator.validate(f"{app.url}/sms", asked.fields, signature)
    app.wait_for("/heard", 3)
    [sent] = sandbox.effects()["messages"]
    assert (sent["to"], sent["body"]) == (PERSON, "Yes")


@pytest.mark.parametrize("channel", ["whatsapp", "rcs"])
def test_a_channels_message_comes_in_with_the_addresses_of_the_channel(
    twilio: Twilio, app: App, control: Client, channel: str
) -> None:
    twilio.send(f"/IncomingPhoneNumbers/{NUMBER}.json", SmsUrl=f"{app.url}/sms")
    theirs, ours = f"{channel}:{PERSON}", f"{channel}:{FRONT_DESK}"
    made = control.post("/incoming", {**TEXT, "from": theirs, "to": ours}).json()
    [asked] = app.wait_for("/sms", 1)
    assert (
        (asked.fields["From"], asked.fields["To"]) == (theirs, ours) == (made["from"], made["to"])
    )


def test_who_says_stop_gets_no_more_until_start(twilio: Twilio, control: Client) -> None:
    control.post("/incoming", {**TEXT, "body": " Stop "})
    refused = twilio.send("/Messages.json", To=PERSON, From=FRONT_DESK, Body="Hello")
    assert refused.json()["code"] == 21610
    control.post("/incoming", {**TEXT, "body": "START"})
    twilio.text()


def test_an_mms_from_outside_names_its_media(twilio: Twilio, app: App, control: Client) -> None:
    twilio.send(f"/IncomingPhoneNumbers/{NUMBER}.json", SmsUrl=f"{app.url}/sms")
    media = [{"url": f"https://api.twilio.com/ME{n}", "content_type": "image/png"} for n in (0, 1)]
    order = {**TEXT, "from": "SUPPORT", "body": "", "media": media, "more": {"FromCity": "BERLIN"}}
    assert control.post("/incoming", order).json()["sid"].startswith("MM")
    [asked] = app.wait_for("/sms", 1)
    assert (asked.fields["NumMedia"], asked.fields["From"]) == ("2", "SUPPORT")
    assert asked.fields["MediaUrl1"] == "https://api.twilio.com/ME1"
    assert (asked.fields["MediaContentType0"], asked.fields["FromCity"]) == ("image/png", "BERLIN")


@pytest.mark.parametrize(
    "order",
    [
        {},
        {**CALL, "kind": "fax"},
        {**CALL, "body": "x"},
        {**CALL, "to": "+15551234567"},
        {**CALL, "from": " "},
        {**CALL, "media": [{"url": "x", "content_type": "image/png"}]},
        {**TEXT, "media": [{"url": "x"}]},
        {**TEXT, "media": [{"url": "x", "content_type": "image/png"}] * 11},
        {**TEXT, "more": {"FromCity": 1}},
        {"kind": "message", "from": PERSON, "to": FRONT_DESK},
        {**TEXT, "to": "whatsapp:+15551234567"},
        {**TEXT, "to": "fax:" + FRONT_DESK},
        {**TEXT, "to": 1},
        {**CALL, "to": "whatsapp:" + FRONT_DESK},
        {**TEXT, "body": 1},
    ],
)
def test_what_cannot_come_in_is_refused_in_a_sentence(control: Client, order: Any) -> None:
    answer = control.post("/incoming", order)
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")
