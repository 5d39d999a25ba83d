"""Twilio's part of the sandbox in every state, held against Twilio's document."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from sandbox.server import Sandbox
from sandbox.tests.app import App
from sandbox.tests.client import Client
from sandbox.tests.conftest import FRONT_DESK, PERSON, Twilio
from sandbox.tests.twilio_spec import operation
from sandbox.twilio.seed import API_KEY_SECRET, API_KEY_SID

NUMBER = "/IncomingPhoneNumbers/PN" + "0" * 31 + "1.json"
CALL = {"To": PERSON, "From": FRONT_DESK, "Twiml": '<Response><Pause length="14000"/></Response>'}
TEXT = {"To": PERSON, "From": FRONT_DESK, "Body": "Hello"}
NOBODY = "0" * 32

# What is known of a call, by how far it got, and of a message.
KNOWN_OF_CALLS = {
    "queued": set(),
    "ringing": {"start_time"},
    "in-progress": {"start_time"},
    "completed": {"start_time", "end_time", "duration", "price"},
    "busy": {"start_time"},
    "no-answer": {"start_time"},
    "failed": {"start_time"},
    "canceled": {"start_time"},
}
KNOWN_OF_MESSAGES = {
    "queued": set(),
    "sending": set(),
    "sent": {"date_sent", "price"},
    "delivered": {"date_sent", "price"},
    "undelivered": {"date_sent", "price", "error_code", "error_message"},
    "failed": {"error_code", "error_message"},
    "canceled": set(),
    "received": {"date_sent", "price"},
}


class Held(Twilio):
    """Twilio, where each answer is what the document says, and each request that gets one."""

    def call(self, method: str, path: str, **options: Any) -> Any:
        answer = super().call(method, path, **options)
        url = urlsplit(str(answer.request.url))
        asked = operation(method, url.path.removeprefix("/twilio"))
        if answer.ok:
            asked.check_request(parse_qsl(url.query), str(answer.request.body or ""))
        asked.check_answer(answer.status_code, answer.json() if answer.content else None)
        return answer

    def shown(self, kind: str, sid: str) -> dict[str, Any]:
        """One as fetched, which is listed as well."""
        found: dict[str, Any] = self.get(f"/{kind}/{sid}.json").json()
        listed = self.get(f"/{kind}.json").json()[kind.lower()]
        assert found in listed
        return found


@pytest.fixture
def held(twilio: Twilio, sandbox: Sandbox) -> Any:
    with Held(sandbox.url) as client:
        yield client


def known(shown: dict[str, Any], of: dict[str, set[str]]) -> set[str]:
    """Fields that come late, as far as they are there."""
    return {name for some in of.values() for name in some if shown[name] is not None}


def test_the_account_and_its_numbers_are_as_documented(held: Held) -> None:
    held.get(".json")
    held.get("/IncomingPhoneNumbers.json?PageSize=1&Page=1")
    held.get("/IncomingPhoneNumbers.json?PhoneNumber=%2B15005550010&FriendlyName=Support")
    held.get(NUMBER)
    held.send(NUMBER, VoiceUrl="http://127.0.0.1:1/voice", VoiceMethod="GET")
    held.session.auth = (API_KEY_SID, API_KEY_SECRET)
    held.get("/IncomingPhoneNumbers.json")


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [("busy", "busy"), ("no-answer", "no-answer"), ("fail", "failed")],
)
def test_a_call_that_is_not_taken_is_as_documented(
    held: Held, control: Client, behaviour: str, status: str
) -> None:
    control.post("/phone", {"to": PERSON, "behaviour": behaviour})
    call = held.becomes("Calls", held.ring(Twiml="<Response/>")["sid"], status)
    shown = held.shown("Calls", call["sid"])
    # A phone that is out of reach has been dialled all the same.
    assert known(shown, KNOWN_OF_CALLS) == KNOWN_OF_CALLS[status]


def test_a_call_is_as_documented_all_its_life(held: Held) -> None:
    call = held.ring(**CALL, StatusCallbackEvent=["ringing", "completed"], Timeout=30)
    assert known(call, KNOWN_OF_CALLS) == KNOWN_OF_CALLS["queued"]
    held.becomes("Calls", call["sid"], "in-progress")
    assert known(held.shown("Calls", call["sid"]), KNOWN_OF_CALLS) == KNOWN_OF_CALLS["in-progress"]
    ended = held.send(f"/Calls/{call['sid']}.json", Status="completed").json()
    assert known(ended, KNOWN_OF_CALLS) == KNOWN_OF_CALLS["completed"]
    assert ended["start_time"] == held.shown("Calls", call["sid"])["start_time"]
    held.get("/Calls.json?Status=completed&StartTime%3E=2026-01-05T00:00:00Z&PageSize=1&Page=0")
    assert held.delete(f"/Calls/{call['sid']}.json").status_code == 204


def test_a_call_that_is_called_off_is_as_documented(held: Held, control: Client) -> None:
    control.post("/phone", {"to": PERSON, "behaviour": "answer", "ring_ms": 60_000})
    ringing = held.becomes("Calls", held.ring(**CALL)["sid"], "ringing")
    assert known(held.shown("Calls", ringing["sid"]), KNOWN_OF_CALLS) == KNOWN_OF_CALLS["ringing"]
    control.post("/pace", {"calls_per_second": 0.01})
    held.ring(**CALL)
    queued = held.ring(**CALL)
    for call, wanted in ((ringing, {"start_time"}), (queued, set())):
        held.send(f"/Calls/{call['sid']}.json", Status="canceled")
        shown = held.shown("Calls", call["sid"])
        assert (shown["status"], known(shown, KNOWN_OF_CALLS)) == ("canceled", wanted)


def test_a_call_from_outside_and_whom_it_is_put_through_to_are_as_documented(
    held: Held, control: Client, app: App
) -> None:
    app.answers["/voice"] = f"<Response><Dial><Number>{PERSON}</Number></Dial></Response>"
    held.send(NUMBER, VoiceUrl=f"{app.url}/voice")
    order = {"kind": "call", "from": "+15551230077", "to": FRONT_DESK}
    sid = control.post("/incoming", order).json()["sid"]
    held.becomes("Calls", sid, "completed")
    parent = held.shown("Calls", sid)
    [leg] = held.get(f"/Calls.json?ParentCallSid={sid}").json()["calls"]
    assert (parent["direction"], leg["direction"]) == ("inbound", "outbound-dial")
    assert known(leg, KNOWN_OF_CALLS) == KNOWN_OF_CALLS["completed"]


@pytest.mark.parametrize("texts", ["delivered", "undelivered", "failed"])
def test_a_message_is_as_documented_all_its_life(held: Held, control: Client, texts: str) -> None:
    control.post("/phone", {"to": PERSON, "behaviour": "answer", "texts": texts})
    control.post("/pace", {"text_ms": 100})
    message = held.text(**TEXT, StatusCallback="http://127.0.0.1:1/status")
    assert known(message, KNOWN_OF_MESSAGES) == KNOWN_OF_MESSAGES["queued"]
    seen: set[str] = set()
    while texts not in seen:
        shown = held.get(f"/Messages/{message['sid']}.json").json()
        assert known(shown, KNOWN_OF_MESSAGES) == KNOWN_OF_MESSAGES[shown["status"]]
        seen.add(shown["status"])
    assert seen <= {"queued", "sending", "sent", texts}
    held.get(f"/Messages.json?To=%2B{PERSON[1:]}&DateSent%3E=2026-01-05T00:00:00Z&PageSize=1")
    held.send(f"/Messages/{message['sid']}.json", Body="")
    assert held.delete(f"/Messages/{message['sid']}.json").status_code == 204


def test_other_messages_are_as_documented(held: Held, control: Client, app: App) -> None:
    picture = held.text(MediaUrl="https://example.com/a.png", To=PERSON, From=FRONT_DESK)
    assert (picture["sid"][:2], picture["num_media"]) == ("MM", "1")
    control.post("/pace", {"text_ms": 60_000})
    queued = held.text(**TEXT)
    called_off = held.send(f"/Messages/{queued['sid']}.json", Status="canceled").json()
    assert called_off["status"] == "canceled"
    app.answers["/sms"] = "<Response><Message>Yes</Message></Response>"
    held.send(NUMBER, SmsUrl=f"{app.url}/sms")
    order = {"kind": "message", "from": PERSON, "to": FRONT_DESK, "body": "Open? " * 50}
    came = held.shown("Messages", control.post("/incoming", order).json()["sid"])
    assert (came["direction"], came["num_segments"]) == ("inbound", "2")
    assert known(came, KNOWN_OF_MESSAGES) == KNOWN_OF_MESSAGES["received"]
    app.wait_for("/sms", 1)
    listed = held.get("/Messages.json?PageSize=100").json()["messages"]
    assert "inbound" in {one["direction"] for one in listed}


@pytest.mark.parametrize(
    ("path", "form", "status", "code"),
    [
        ("/Calls.json", {**CALL, "To": "+15005550001"}, 400, 21211),
        ("/Calls.json", {"To": PERSON, "From": FRONT_DESK}, 400, 21205),
        ("/Messages.json", {**TEXT, "From": "+15005550001"}, 400, 21212),
        ("/Messages.json", {**TEXT, "Body": "x" * 1601}, 400, 21617),
        (f"/Calls/CA{NOBODY}.json", None, 404, 20404),
        (f"/Messages/SM{NOBODY}.json", None, 404, 20404),
    ],
)
def test_a_refusal_is_as_documented(
    held: Held, path: str, form: Any, status: int, code: int
) -> None:
    answer = held.call("POST" if form else "GET", path, data=form)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(("status", "code"), [(429, 20429), (500, 20500), (503, 20500)])
def test_a_failure_is_as_documented(held: Held, sandbox: Sandbox, status: int, code: int) -> None:
    sandbox.faults.add("twilio", "status", status=status)
    assert held.get(".json").json()["code"] == code


def test_a_wrong_key_is_refused_as_documented(held: Held) -> None:
    held.session.auth = ("AC" + NOBODY, "wrong")
    assert held.get(".json").json()["code"] == 20003
