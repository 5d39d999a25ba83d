"""Twilio dials the SIP address of a number of Vapi's: the assistant there picks up."""

import json
from typing import Any

import pytest

from sandbox.server import Sandbox
from sandbox.tests.app import App, until
from sandbox.tests.client import Client
from sandbox.tests.conftest import FRONT_DESK, PERSON, Twilio
from sandbox.tests.vapi_spec import check_webhook

ADDRESS = "sip:brightside-desk@sip.vapi.ai"
NUMBER = "PN" + "0" * 31 + "1"


def dial(address: str, **attributes: str) -> str:
    said = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<Response><Dial{said}><Sip>{address}</Sip></Dial></Response>"


@pytest.fixture
def desk(twilio: Twilio, app: App, control: Client, vapi: Client) -> App:
    """An app that is asked about the number's calls, and reported what Vapi reports."""
    twilio.send(f"/IncomingPhoneNumbers/{NUMBER}.json", VoiceUrl=f"{app.url}/voice")
    control.post("/vapi", {"url": f"{app.url}/vapi"})
    # An assistant with a server of its own would report there.
    [number] = [one for one in vapi.get("/phone-number").json() if one.get("sipUri") == ADDRESS]
    vapi.patch(f"/assistant/{number['assistantId']}", {"server": {}})
    return app


def came(control: Client) -> str:
    order = {"kind": "call", "from": PERSON, "to": FRONT_DESK}
    return str(control.post("/incoming", order).json()["sid"])


def messages(app: App) -> list[dict[str, Any]]:
    return [json.loads(one.body)["message"] for one in app.at("/vapi")]


def leg_of(twilio: Twilio, parent: str) -> dict[str, Any]:
    [leg] = twilio.get(f"/Calls.json?ParentCallSid={parent}").json()["calls"]
    return dict(leg)


@pytest.mark.parametrize("address", [ADDRESS, ADDRESS.upper(), f"{ADDRESS}?x-from=Front"])
def test_the_assistant_of_the_number_answers_and_reports(
    twilio: Twilio, control: Client, sandbox: Sandbox, desk: App, address: str
) -> None:
    desk.answers["/voice"] = dial(address, answerOnBridge="true")
    parent = twilio.becomes("Calls", came(control), "completed")
    assert int(parent["duration"]) > 0
    leg = leg_of(twilio, parent["sid"])
    assert (leg["status"], leg["to"], leg["direction"]) == ("completed", address, "outbound-dial")
    until(lambda: len(messages(desk)) == 3)
    reported = messages(desk)
    assert [m.get("status", m["type"]) for m in reported] == [
        "in-progress",
        "ended",
        "end-of-call-report",
    ]
    for one in reported:
        check_webhook({"message": one})
    report = reported[-1]
    assert report["endedReason"] == "assistant-ended-call"
    assert report["artifact"]["transcript"]
    assert report["call"]["customer"]["sipUri"].startswith(f"sip:{PERSON}@")
    assert report["call"]["phoneCallTransport"] == "sip"
    assert sandbox.effects()["calls"] == []


def test_who_hangs_up_ends_both_sides(
    vapi: Client, twilio: Twilio, control: Client, desk: App
) -> None:
    control.post("/phone", {"to": PERSON, "behaviour": "hangup-after", "seconds": 4})
    desk.answers["/voice"] = dial(ADDRESS, answerOnBridge="true")
    twilio.becomes("Calls", came(control), "completed")
    until(lambda: [c["status"] for c in vapi.get("/call").json()] == ["ended"])
    assert vapi.get("/call").json()[0]["endedReason"] == "customer-ended-call"


def test_an_address_that_is_of_no_one_fails_and_the_rest_of_the_twiml_is_said(
    vapi: Client, twilio: Twilio, control: Client, desk: App
) -> None:
    asked = dial("sip:nobody@sip.vapi.ai", answerOnBridge="true")
    desk.answers["/voice"] = asked.replace("</Response>", "<Say>Nobody.</Say></Response>")
    parent = twilio.becomes("Calls", came(control), "completed")
    assert leg_of(twilio, parent["sid"])["status"] == "failed"
    assert int(parent["duration"]) > 0
    assert vapi.get("/call").json() == []
