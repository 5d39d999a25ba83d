"""Messages through Twilio: sending, delivery, and the callbacks to the app."""

import pytest
from twilio.request_validator import RequestValidator

from sandbox.server import Sandbox
from sandbox.tests.app import App, until
from sandbox.tests.client import Client
from sandbox.tests.conftest import FRONT_DESK, PERSON, Twilio
from sandbox.twilio.senders import SERVICE_SID, SHORT_CODE


def test_a_message_is_queued_sent_and_delivered(twilio: Twilio, sandbox: Sandbox) -> None:
    made = twilio.text(Body="Hello")
    assert (made["status"], made["date_sent"], made["num_segments"]) == ("queued", None, "1")
    shown = twilio.becomes("Messages", made["sid"], "delivered")
    assert (shown["body"], shown["direction"]) == ("Hello", "outbound-api")
    assert shown["date_sent"]
    [sent] = sandbox.effects()["messages"]
    assert (sent["sid"], sent["to"], sent["body"]) == (made["sid"], PERSON, "Hello")


def test_every_step_is_reported_in_order_and_signed(twilio: Twilio, app: App) -> None:
    url = f"{app.url}/status?message=1"
    twilio.text(StatusCallback=url)
    reported = app.wait_for("/status", 3)
    assert [c.fields["MessageStatus"] for c in reported] == ["sending", "sent", "delivered"]
    validator = RequestValidator("twilio-demo-token")
    for one in reported:
        assert validator.validate(url, one.fields, one.headers["x-twilio-signature"])


@pytest.mark.parametrize(
    ("texts", "code", "left"), [("undelivered", 30003, 1), ("failed", 30008, 0)]
)
def test_a_message_may_not_arrive(
    twilio: Twilio, app: App, sandbox: Sandbox, control: Client, texts: str, code: int, left: int
) -> None:
    control.post("/phone", {"to": PERSON, "behaviour": "answer", "texts": texts})
    made = twilio.text(StatusCallback=f"{app.url}/status")
    until(lambda: app.at("/status") and app.at("/status")[-1].fields["MessageStatus"] == texts)
    assert app.at("/status")[-1].fields["ErrorCode"] == str(code)
    assert twilio.get(f"/Messages/{made['sid']}.json").json()["error_code"] == code
    assert len(sandbox.effects()["messages"]) == left


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"To": ""}, 21604),
        ({"To": "5551230001"}, 21211),
        ({"To": "+15005550001"}, 21211),
        ({"To": "+15005550002"}, 21612),
        ({"To": "+15005550003"}, 21408),
        ({"To": "+15005550004"}, 21610),
        ({"To": "+15005550007"}, 21612),
        ({"To": "+15005550009"}, 21614),
        ({"From": ""}, 21603),
        ({"From": "+15005550001"}, 21212),
        ({"From": "+15005550008"}, 21611),
        ({"From": "+15551239999"}, 21606),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"StatusCallback": "nowhere"}, 21609),
        ({"From": "", "MessagingServiceSid": "MG" + "1" * 32}, 21701),
    ],
)
def test_a_message_that_cannot_be_is_refused_with_twilios_code(
    twilio: Twilio, sandbox: Sandbox, fields: dict[str, str], code: int
) -> None:
    asked = {"To": PERSON, "From": FRONT_DESK, "Body": "Hello"} | fields
    answer = twilio.send("/Messages.json", **asked)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert twilio.get("/Messages.json").json()["messages"] == []


def test_a_messaging_service_sends_from_one_of_its_numbers(
    twilio: Twilio, sandbox: Sandbox, app: App
) -> None:
    body = {"To": PERSON, "Body": "Hello", "StatusCallback": f"{app.url}/status"}
    made = twilio.send("/Messages.json", MessagingServiceSid=SERVICE_SID, **body).json()
    assert (made["status"], made["from"]) == ("accepted", None)
    assert made["messaging_service_sid"] == SERVICE_SID
    assert twilio.becomes("Messages", made["sid"], "delivered")["from"] == FRONT_DESK
    [asked, *_] = app.wait_for("/status", 3)
    assert asked.fields["MessagingServiceSid"] == SERVICE_SID


@pytest.mark.parametrize("sender", ["SUPPORT", "My Shop", SHORT_CODE])
def test_names_and_short_codes_are_senders(twilio: Twilio, sandbox: Sandbox, sender: str) -> None:
    made = twilio.send("/Messages.json", To="+491511234567", From=sender, Body="Hello").json()
    assert twilio.becomes("Messages", made["sid"], "delivered")["from"] == sender
    refused = twilio.send("/Messages.json", To="+491511234567", From="99999", Body="Hello")
    assert refused.json()["code"] == 21606


def test_a_name_does_not_reach_north_america(twilio: Twilio) -> None:
    answer = twilio.send("/Messages.json", To=PERSON, From="SUPPORT", Body="Hello")
    assert (answer.status_code, answer.json()["code"]) == (400, 21612)


@pytest.mark.parametrize(("texts", "code"), [("opted-out", 21610), ("incapable", 21612)])
def test_a_phone_that_takes_no_texts_is_refused(
    twilio: Twilio, control: Client, texts: str, code: int
) -> None:
    control.post("/phone", {"to": PERSON, "behaviour": "answer", "texts": texts})
    answer = twilio.send("/Messages.json", To=PERSON, From=FRONT_DESK, Body="Hello")
    assert (answer.status_code, answer.json()["code"]) == (400, code)


@pytest.mark.parametrize(
    ("body", "segments"),
    [("a" * 160, 1), ("a" * 161, 2), ("ж" * 70, 1), ("ж" * 71, 2), ("😀" * 36, 2)],
)
def test_segments_are_counted_as_they_are_sent(twilio: Twilio, body: str, segments: int) -> None:
    assert twilio.text(Body=body)["num_segments"] == str(segments)


def test_messages_are_filtered_by_whom_and_when(twilio: Twilio, control: Client) -> None:
    sent = twilio.text()["sid"]
    twilio.becomes("Messages", sent, "delivered")
    control.post("/pace", {"text_ms": 600_000})
    queued = twilio.text()["sid"]

    def listed(query: str) -> list[str]:
        return [one["sid"] for one in twilio.get(f"/Messages.json?{query}").json()["messages"]]

    assert listed("To=%2B15551230001&From=%2B15005550006") == [queued, sent]
    assert listed("DateSent>=2020-01-01T00:00:00Z") == [sent]
    assert listed("To=%2B15551230002") == []


def test_what_is_queued_can_be_cancelled_and_what_is_sent_redacted(
    twilio: Twilio, sandbox: Sandbox, control: Client
) -> None:
    control.post("/pace", {"text_ms": 200})
    queued = f"/Messages/{twilio.text()['sid']}.json"
    assert twilio.send(queued, Status="canceled").json()["status"] == "canceled"
    control.post("/pace", {"text_ms": 0})
    made = twilio.text()
    twilio.becomes("Messages", made["sid"], "delivered")
    sent = f"/Messages/{made['sid']}.json"
    assert twilio.send(sent, Status="canceled").json()["code"] == 30409
    assert twilio.send(sent, Body="other").status_code == 400
    assert twilio.send(sent, Body="").json()["body"] == ""
    assert twilio.delete(sent).status_code == 204
    assert twilio.get(sent).json()["code"] == 20404
    assert [one["sid"] for one in sandbox.effects()["messages"]] == [made["sid"]]
