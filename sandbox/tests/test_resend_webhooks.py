"""Resend's webhooks: registered, signed, tried again, faulty, replayed."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from standardwebhooks import Webhook

from sandbox.resend.events import MAIL_EVENTS
from sandbox.server import Sandbox
from sandbox.tests import specs
from sandbox.tests.app import App, Callback, until
from sandbox.tests.client import Client
from sandbox.tests.formats import ANSWERED, checker
from sandbox.tests.resend_client import Resend, refusal

ALL = [f"email.{event}" for event in MAIL_EVENTS]
FAR = 3_600_000


def register(resend: Resend, app: App, events: list[str] | None = None) -> dict[str, Any]:
    """Register the app's /resend; returns id and signing_secret."""
    answer = resend.post("/webhooks", {"endpoint": f"{app.url}/resend", "events": events or ALL})
    assert answer.status_code == 201
    made: dict[str, Any] = answer.json()
    return made


def verified(callback: Callback, secret: str) -> dict[str, Any]:
    """An event, if its signature is right and Resend's document describes it."""
    headers = {
        f"webhook-{name}": callback.headers[f"svix-{name}"]
        for name in ("id", "timestamp", "signature")
    }
    event: dict[str, Any] = Webhook(secret).verify(callback.body, headers)
    if specs.available():
        _check(event)
    return event


def _check(event: dict[str, Any]) -> None:
    schemas = specs.load("resend.json")["components"]["schemas"]
    name = "Email" + event["type"].partition(".")[2].title().replace("_", "") + "Event"
    # What an event has is spread over two schemas, and neither may forbid the other's.
    whole = specs.strict(_whole(schemas, schemas[name]["properties"]["data"]))
    schema = {**whole, "components": {"schemas": specs.strict(schemas)}}
    Draft202012Validator(schema, format_checker=checker(ANSWERED)).validate(event["data"])
    assert set(event) == {"type", "created_at", "data"}


def _whole(schemas: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """An object whose properties stand in several schemas, as one."""
    if name := schema.get("$ref", "").rpartition("/")[2]:
        return _whole(schemas, schemas[name])
    parts = [_whole(schemas, one) for one in schema.get("allOf", ())] or [schema]
    properties = {key: item for one in parts for key, item in one.get("properties", {}).items()}
    required = [key for one in parts for key in one.get("required", ())]
    return {"type": "object", "properties": properties, "required": required}


def types(app: App, to: str = "") -> list[str]:
    """Types of the events that arrived, about one recipient or all."""
    events = [json.loads(callback.body) for callback in app.at("/resend")]
    return [event["type"] for event in events if not to or to in event["data"]["to"]]


def test_a_webhook_is_registered_listed_shown_changed_and_removed(resend: Resend, app: App) -> None:
    made = register(resend, app, ["email.delivered"])
    assert made["signing_secret"].startswith("whsec_")
    (listed,) = resend.get("/webhooks").json()["data"]
    assert (listed["id"], listed["events"], listed["status"]) == (
        made["id"],
        ["email.delivered"],
        "enabled",
    )
    assert "signing_secret" not in listed
    path = f"/webhooks/{made['id']}"
    assert resend.get(path).json()["signing_secret"] == made["signing_secret"]
    assert resend.patch(path, {"status": "disabled"}).json()["id"] == made["id"]
    assert resend.get(path).json()["status"] == "disabled"
    assert resend.delete(path).json()["deleted"] is True
    assert refusal(resend.get(path)) == (404, "not_found", "Webhook not found")


@pytest.mark.parametrize(
    "body",
    [
        {"endpoint": "nowhere", "events": ["email.sent"]},
        {"endpoint": "https://app.example/hook", "events": []},
        {"endpoint": "https://app.example/hook", "events": ["email.eaten"]},
        {"events": ["email.sent"]},
        [],
    ],
)
def test_a_webhook_that_makes_no_sense_is_refused(resend: Resend, body: Any) -> None:
    assert refusal(resend.post("/webhooks", body))[0] == 422


def test_a_mail_is_sent_and_delivered_with_signed_events(resend: Resend, app: App) -> None:
    secret = register(resend, app)["signing_secret"]
    tags = [{"name": "kind", "value": "invitation"}]
    mail_id = resend.send(tags=tags, headers={"X-One": "1"}).json()["id"]
    events = [verified(callback, secret) for callback in app.wait_for("/resend", 2)]
    assert [event["type"] for event in events] == ["email.sent", "email.delivered"]
    for event in events:
        assert event["data"]["email_id"] == mail_id
        assert event["data"]["to"] == ["bob@example.org"]
        assert event["data"]["tags"] == {"kind": "invitation"}
        assert event["data"]["headers"] == [{"name": "X-One", "value": "1"}]
    assert resend.get(f"/emails/{mail_id}").json()["last_event"] == "delivered"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("delivered", ["email.sent", "email.delivered"]),
        ("bounced", ["email.sent", "email.bounced"]),
        ("complained+label", ["email.sent", "email.delivered", "email.complained"]),
        ("suppressed", ["email.sent", "email.suppressed"]),
    ],
)
def test_the_test_addresses_behave_as_resend_documents(
    resend: Resend, app: App, name: str, expected: list[str]
) -> None:
    secret = register(resend, app)["signing_secret"]
    mail_id = resend.send(to=f"{name}@resend.dev").json()["id"]
    callbacks = app.wait_for("/resend", len(expected))
    assert [verified(callback, secret)["type"] for callback in callbacks] == expected
    last = expected[-1].removeprefix("email.")
    assert resend.get(f"/emails/{mail_id}").json()["last_event"] == last


@pytest.mark.parametrize("event", MAIL_EVENTS)
def test_every_event_happens_on_demand(
    resend: Resend, app: App, control: Client, event: str
) -> None:
    secret = register(resend, app)["signing_secret"]
    control.post("/pace", {"mail_ms": FAR})
    mail_id = resend.send(to=["bob@example.org", "carl@example.org"]).json()["id"]
    done = control.post("/mail", {"id": mail_id, "event": event})
    assert done.status_code == 201
    assert [(one["type"], one["to"], one["endpoints"]) for one in done.json()["events"]] == [
        (f"email.{event}", [to], 1) for to in ("bob@example.org", "carl@example.org")
    ]
    callbacks = app.wait_for("/resend", 3)
    assert [verified(callback, secret)["type"] for callback in callbacks][1:] == [
        f"email.{event}"
    ] * 2
    assert [callback.headers["svix-id"] for callback in callbacks][1:] == [
        one["id"] for one in done.json()["events"]
    ]


def test_an_event_for_one_address_is_about_its_newest_mail(
    resend: Resend, app: App, control: Client
) -> None:
    secret = register(resend, app, ["email.bounced"])["signing_secret"]
    resend.send(subject="old")
    resend.send(subject="new", to=["bob@example.org", "carl@example.org"])
    control.post("/mail", {"to": "Bob@example.org", "event": "bounced", "bounce": "Transient"})
    (callback,) = app.wait_for("/resend", 1)
    event = verified(callback, secret)
    assert (event["data"]["subject"], event["data"]["to"]) == ("new", ["bob@example.org"])
    assert event["data"]["bounce"]["type"] == "Transient"


def test_what_was_ordered_is_not_followed_by_what_happens_by_itself(
    resend: Resend, app: App, control: Client
) -> None:
    register(resend, app)
    control.post("/pace", {"mail_ms": 150})
    resend.send(to=["bob@example.org", "carl@example.org"])
    control.post("/mail", {"to": "bob@example.org", "event": "bounced"})
    app.wait_for("/resend", 3)
    assert types(app, "bob@example.org") == ["email.sent", "email.bounced"]
    assert types(app, "carl@example.org") == ["email.sent", "email.delivered"]


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        ({"to": "bob@example.org"}, "event is required."),
        ({"event": "bounced"}, "id or to is required."),
        (
            {"event": "bounced", "to": "bob@example.org"},
            "Resend sent no mail with to bob@example.org.",
        ),
        (
            {"event": "delivered", "to": "bob@example.org", "bounce": "Transient"},
            "bounce belongs to the event bounced.",
        ),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_in_a_sentence(
    control: Client, order: Any, sentence: str
) -> None:
    answer = control.post("/mail", order)
    assert (answer.status_code, answer.json()) == (400, {"error": sentence})


def test_only_what_is_listened_to_arrives(resend: Resend, app: App, control: Client) -> None:
    made = register(resend, app, ["email.delivered"])
    resend.send()
    app.wait_for("/resend", 1)
    resend.patch(f"/webhooks/{made['id']}", {"status": "disabled"})
    done = control.post("/mail", {"to": "bob@example.org", "event": "delivered"}).json()
    assert [one["endpoints"] for one in done["events"]] == [0]
    assert types(app) == ["email.delivered"]


def test_what_is_not_taken_comes_again_under_the_same_id(
    resend: Resend, app: App, control: Client
) -> None:
    secret = register(resend, app, ["email.sent"])["signing_secret"]
    control.post("/pace", {"speed": 1000})
    tries = iter([500, 302, 0, 204])
    app.answers["/resend"] = lambda callback: (next(tries), "")
    resend.send()
    callbacks = app.wait_for("/resend", 3)
    assert len({callback.headers["svix-id"] for callback in callbacks}) == 1
    assert len({callback.body for callback in callbacks}) == 1
    assert all(verified(callback, secret) for callback in callbacks)


def test_events_get_lost_and_come_twice_by_seed(
    resend: Resend, app: App, control: Client, sandbox: Sandbox
) -> None:
    control.post("/callbacks", {"duplicate": 1})
    register(resend, app, ["email.sent"])
    resend.send()
    first, second = app.wait_for("/resend", 2)
    assert first.headers["svix-id"] == second.headers["svix-id"]
    control.post("/callbacks", {"drop": 1})
    lost = resend.send().json()["id"]
    until(lambda: resend.get(f"/emails/{lost}").json()["last_event"] == "delivered")
    assert len(app.at("/resend")) == 2


def test_events_are_replayed_under_the_same_id(resend: Resend, app: App, control: Client) -> None:
    secret = register(resend, app)["signing_secret"]
    resend.send()
    sent, delivered = app.wait_for("/resend", 2)
    replayed = control.post("/replay", {"id": delivered.headers["svix-id"]})
    assert [one["type"] for one in replayed.json()["events"]] == ["email.delivered"]
    again = app.wait_for("/resend", 3)[2]
    assert again.headers["svix-id"] == delivered.headers["svix-id"]
    assert again.body == delivered.body
    assert verified(again, secret)
    assert len(control.post("/replay", {}).json()["events"]) == 2
    assert sent.body in [callback.body for callback in app.wait_for("/resend", 5)[3:]]
    refused = control.post("/replay", {"id": "msg_none"})
    assert refused.json() == {"error": "There was no event msg_none."}
