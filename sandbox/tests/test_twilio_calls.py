"""Calls through Twilio: from the request to the phone, with the callbacks to the app."""

from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from sandbox.server import Sandbox
from sandbox.tests.app import App, until
from sandbox.tests.client import Client
from sandbox.tests.conftest import FRONT_DESK, PERSON, Twilio

SAY = "<Response><Say>Hello there</Say></Response>"
WAIT = '<Response><Pause length="14000"/></Response>'
ALL = ["initiated", "ringing", "answered", "completed"]


def test_a_call_is_queued_rings_is_answered_and_ends(twilio: Twilio, sandbox: Sandbox) -> None:
    made = twilio.ring(Twiml=SAY)
    assert (made["status"], made["direction"], made["start_time"]) == (
        "queued",
        "outbound-api",
        None,
    )
    shown = twilio.becomes("Calls", made["sid"], "completed")
    assert (shown["to"], shown["from"], shown["price_unit"]) == (PERSON, FRONT_DESK, "USD")
    assert int(shown["duration"]) >= 1
    assert float(shown["price"]) < 0
    [rang] = sandbox.effects()["calls"]
    assert (rang["sid"], rang["to"], rang["from"]) == (made["sid"], PERSON, FRONT_DESK)
    assert (rang["provider"], rang["ended"]) == ("twilio", "twiml")


def test_every_step_is_reported_in_order_and_signed(twilio: Twilio, app: App) -> None:
    url = f"{app.url}/status?call=1&attempt=2"
    twilio.ring(Twiml=SAY, StatusCallback=url, StatusCallbackEvent=ALL)
    reported = app.wait_for("/status", 4)
    assert [c.fields["CallStatus"] for c in reported] == [
        "initiated",
        "ringing",
        "in-progress",
        "completed",
    ]
    assert [c.fields["SequenceNumber"] for c in reported] == ["0", "1", "2", "3"]
    assert "CallDuration" in reported[-1].fields
    validator = RequestValidator("twilio-demo-token")
    for one in reported:
        assert validator.validate(url, one.fields, one.headers["x-twilio-signature"])
        assert not validator.validate(url + "x", one.fields, one.headers["x-twilio-signature"])
    assert len({one.headers["i-twilio-idempotency-token"] for one in reported}) == 4


def test_only_the_end_is_reported_unless_asked_otherwise(twilio: Twilio, app: App) -> None:
    twilio.ring(Twiml=SAY, StatusCallback=f"{app.url}/status")
    twilio.ring(Twiml=SAY, StatusCallback=f"{app.url}/status", StatusCallbackEvent="ringing")
    reported = app.wait_for("/status", 2)
    assert {c.fields["CallStatus"] for c in reported} == {"ringing", "completed"}


def test_the_url_is_fetched_when_the_phone_is_answered_and_obeyed(
    twilio: Twilio, app: App, sandbox: Sandbox
) -> None:
    app.answers["/voice"] = (
        '<Response><Redirect method="POST">/next?a=1&amp;b=2</Redirect></Response>'
    )
    app.answers["/next"] = "<Response><Hangup/></Response>"
    made = twilio.ring(Url=f"{app.url}/voice?call=7")
    [fetched] = app.wait_for("/voice", 1)
    assert fetched.fields["CallSid"] == made["sid"]
    assert (fetched.fields["CallStatus"], fetched.method) == ("in-progress", "POST")
    signature = fetched.headers["x-twilio-signature"]
    validator = RequestValidator("twilio-demo-token")
    assert validator.validate(f"{app.url}/voice?call=7", fetched.fields, signature)
    assert app.wait_for("/next", 1)[0].path == "/next?a=1&b=2"
    twilio.becomes("Calls", made["sid"], "completed")
    assert sandbox.effects()["calls"][0]["ended"] == "twiml"


@pytest.mark.parametrize("answer", ["", "no xml", "<html/>", "<!DOCTYPE x><Response/>"])
def test_a_call_whose_instructions_are_none_ends_with_an_application_error(
    twilio: Twilio, app: App, sandbox: Sandbox, answer: str
) -> None:
    app.answers["/voice"] = answer
    made = twilio.ring(Url=f"{app.url}/voice")
    twilio.becomes("Calls", made["sid"], "completed")
    assert sandbox.effects()["calls"][0]["ended"] == "application-error"


def test_the_fallback_is_asked_when_the_url_fails(twilio: Twilio, app: App) -> None:
    app.answers["/voice"] = lambda _: (500, "")
    app.answers["/fallback"] = SAY
    made = twilio.ring(Url=f"{app.url}/voice", FallbackUrl=f"{app.url}/fallback")
    assert app.wait_for("/fallback", 1)[0].fields["ErrorCode"] == "11200"
    twilio.becomes("Calls", made["sid"], "completed")


@pytest.mark.parametrize(
    ("behaviour", "status", "rings"),
    [("busy", "busy", 0), ("no-answer", "no-answer", 1), ("fail", "failed", 0)],
)
def test_a_phone_that_does_not_answer_ends_the_call(
    twilio: Twilio,
    app: App,
    sandbox: Sandbox,
    control: Client,
    behaviour: str,
    status: str,
    rings: int,
) -> None:
    control.post("/phone", {"to": PERSON, "behaviour": behaviour, "ring_ms": 5})
    made = twilio.ring(Twiml=SAY, StatusCallback=f"{app.url}/status")
    assert app.wait_for("/status", 1)[0].fields["CallStatus"] == status
    shown = twilio.get(f"/Calls/{made['sid']}.json").json()
    assert (shown["status"], shown["duration"], shown["price"]) == (status, None, None)
    assert len(sandbox.effects()["calls"]) == rings


def test_a_callee_may_hang_up(twilio: Twilio, sandbox: Sandbox, control: Client) -> None:
    control.post("/phone", {"to": PERSON, "behaviour": "hangup-after", "seconds": 2})
    made = twilio.ring(Twiml=WAIT)
    twilio.becomes("Calls", made["sid"], "completed")
    assert sandbox.effects()["calls"][0]["ended"] == "callee"


def test_a_call_can_be_hung_up_by_rest_once(twilio: Twilio, sandbox: Sandbox) -> None:
    sid = twilio.ring(Twiml=WAIT)["sid"]
    twilio.becomes("Calls", sid, "in-progress")
    assert twilio.send(f"/Calls/{sid}.json", Status="canceled").json()["status"] == "in-progress"
    assert twilio.send(f"/Calls/{sid}.json", Status="completed").json()["status"] == "completed"
    assert sandbox.effects()["calls"][0]["ended"] == "rest"
    again = twilio.send(f"/Calls/{sid}.json", Status="completed")
    assert (again.status_code, again.json()["code"]) == (400, 21220)


def test_a_call_in_progress_takes_other_instructions(twilio: Twilio, app: App) -> None:
    app.answers["/other"] = "<Response><Hangup/></Response>"
    sid = twilio.ring(Twiml=WAIT)["sid"]
    twilio.becomes("Calls", sid, "in-progress")
    twilio.send(f"/Calls/{sid}.json", Url=f"{app.url}/other")
    app.wait_for("/other", 1)
    twilio.becomes("Calls", sid, "completed")


def test_calls_above_the_rate_wait_and_a_cancelled_one_never_rings(
    twilio: Twilio, sandbox: Sandbox, control: Client
) -> None:
    control.post("/pace", {"calls_per_second": 0.01})
    first = twilio.ring(Twiml=SAY)["sid"]
    second = twilio.ring(Twiml=SAY)["sid"]
    twilio.becomes("Calls", first, "completed")
    assert twilio.get(f"/Calls/{second}.json").json()["status"] == "queued"
    cancelled = twilio.send(f"/Calls/{second}.json", Status="canceled").json()
    assert cancelled["status"] == "canceled"
    assert [rang["sid"] for rang in sandbox.effects()["calls"]] == [first]


def test_lists_are_filtered_and_paged_newest_first(twilio: Twilio) -> None:
    sids = [twilio.ring(To=f"+1555123000{n}", Twiml=WAIT)["sid"] for n in (1, 2, 1)]
    for sid in sids:
        twilio.becomes("Calls", sid, "in-progress")

    def listed(query: str) -> list[str]:
        page = twilio.get(f"/Calls.json?{query}").json()
        return [call["sid"] for call in page["calls"]]

    assert listed("") == sids[::-1]
    assert listed("To=%2B15551230001") == [sids[2], sids[0]]
    assert listed("Status=in-progress&PageSize=1&Page=1") == [sids[1]]
    assert listed("StartTime>=2020-01-01") == sids[::-1]
    assert listed("StartTime>=2020-01-01T00:00:00Z") == sids[::-1]
    assert listed("StartTime<=2020-01-01") == []
    assert listed("StartTime>=2999-01-01") == []
    assert listed("From=%2B15005550010") == []
    assert twilio.get("/Calls.json?StartTime=soon").status_code == 400


def test_a_queued_call_has_not_started_on_any_day(twilio: Twilio, control: Client) -> None:
    control.post("/pace", {"calls_per_second": 0.01})
    twilio.ring(Twiml=WAIT)
    queued = twilio.ring(Twiml=WAIT)["sid"]
    assert queued in twilio.get("/Calls.json").text
    assert queued not in twilio.get("/Calls.json?StartTime>=2020-01-01").text


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"To": ""}, 21201),
        ({"To": "12345"}, 21211),
        ({"To": "+15005550001"}, 21211),
        ({"To": "+15005550002"}, 21214),
        ({"To": "+15005550003"}, 21215),
        ({"To": "+15005550004"}, 21216),
        ({"From": ""}, 21213),
        ({"From": "desk"}, 21212),
        ({"From": "+15005550001"}, 21212),
        ({"From": "+15551239999"}, 21210),
        ({"Twiml": ""}, 21205),
        ({"Url": "not a url"}, 21205),
        ({"Twiml": "<Response/>" + " " * 4000}, 20001),
        ({"ApplicationSid": "AP" + "0" * 32}, 21218),
        ({"StatusCallback": "nowhere"}, 21609),
        ({"Timeout": "soon"}, 21208),
    ],
)
def test_a_call_that_cannot_be_is_refused_with_twilios_code(
    twilio: Twilio, sandbox: Sandbox, fields: dict[str, str], code: int
) -> None:
    answer = twilio.send(
        "/Calls.json", **({"To": PERSON, "From": FRONT_DESK, "Twiml": SAY} | fields)
    )
    body = answer.json()
    assert (answer.status_code, body["code"], body["status"]) == (400, code, 400)
    assert body["more_info"].endswith(f"/{code}")
    assert twilio.get("/Calls.json").json()["calls"] == []


def test_an_api_key_may_place_calls_too(twilio: Twilio) -> None:
    twilio.session.auth = ("SK" + "0" * 32, "twilio-demo-secret")
    twilio.ring(Twiml=SAY)
    twilio.session.auth = ("SK" + "0" * 32, "twilio-demo-token")
    assert twilio.get("/Calls.json").status_code == 401


def test_a_dialled_leg_rings_its_own_phone_and_reports_back(
    twilio: Twilio, app: App, sandbox: Sandbox
) -> None:
    app.answers["/voice"] = f'<Response><Dial action="/after">{PERSON[:-1]}9</Dial></Response>'
    app.answers["/after"] = SAY
    made = twilio.ring(Url=f"{app.url}/voice")
    [after] = app.wait_for("/after", 1)
    assert after.fields["DialCallStatus"] == "completed"
    [leg] = twilio.get(f"/Calls.json?ParentCallSid={made['sid']}").json()["calls"]
    assert (leg["direction"], leg["sid"]) == ("outbound-dial", after.fields["DialCallSid"])
    twilio.becomes("Calls", made["sid"], "completed")
    assert len(sandbox.effects()["calls"]) == 2


def test_a_menu_gets_the_digits_that_the_phone_types(
    twilio: Twilio, app: App, control: Client
) -> None:
    control.post("/phone", {"to": PERSON, "behaviour": "answer", "digits": "42#"})
    app.answers["/voice"] = '<Response><Gather action="/menu"><Say>Press</Say></Gather></Response>'
    app.answers["/menu"] = "<Response><Hangup/></Response>"
    twilio.ring(Url=f"{app.url}/voice")
    assert app.wait_for("/menu", 1)[0].fields["Digits"] == "42#"


def test_a_hangup_of_the_parent_ends_its_leg(twilio: Twilio, control: Client) -> None:
    other = PERSON[:-1] + "9"
    control.post("/phone", {"to": other, "behaviour": "answer", "ring_ms": 600_000})
    sid = twilio.ring(Twiml=f"<Response><Dial>{other}</Dial></Response>")["sid"]
    until(lambda: twilio.get(f"/Calls.json?ParentCallSid={sid}&Status=ringing").json()["calls"])
    twilio.send(f"/Calls/{sid}.json", Status="completed")
    until(lambda: twilio.get(f"/Calls.json?ParentCallSid={sid}&Status=canceled").json()["calls"])


def test_an_ended_call_can_be_deleted_and_an_unknown_one_is_not_found(twilio: Twilio) -> None:
    sid = twilio.ring(Twiml=WAIT)["sid"]
    assert twilio.delete(f"/Calls/{sid}.json").status_code == 409
    twilio.send(f"/Calls/{sid}.json", Status="completed")
    assert twilio.delete(f"/Calls/{sid}.json").status_code == 204
    for answer in (twilio.get(f"/Calls/{sid}.json"), twilio.delete(f"/Calls/{sid}.json")):
        assert (answer.status_code, answer.json()["code"]) == (404, 20404)


def test_a_lost_answer_leaves_a_call_that_rings(
    twilio: Twilio, sandbox: Sandbox, control: Client
) -> None:
    fault: dict[str, Any] = {"provider": "twilio", "kind": "status", "status": 503, "count": 1}
    control.post("/faults", {**fault, "when": "after", "match": "POST /2010-04-01"})
    lost = twilio.send("/Calls.json", To=PERSON, From=FRONT_DESK, Twiml=SAY)
    assert lost.status_code == 503
    [call] = twilio.get("/Calls.json").json()["calls"]
    twilio.becomes("Calls", call["sid"], "completed")
    assert len(sandbox.effects()["calls"]) == 1
    control.post("/faults", {**fault, "status": 429, "headers": {"Retry-After": "1"}})
    refused = twilio.send("/Calls.json", To=PERSON, From=FRONT_DESK, Twiml=SAY)
    assert (refused.status_code, refused.json()["code"]) == (429, 20429)
    assert refused.headers["Retry-After"] == "1"
    assert refused.headers["Twilio-Concurrent-Requests"]
    assert len(twilio.get("/Calls.json").json()["calls"]) == 1
