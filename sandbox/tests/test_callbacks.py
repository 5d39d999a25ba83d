"""Callbacks that get lost, come twice, late or in disorder, as set; and those that no app takes."""

import threading
from collections import Counter
from typing import Any
from urllib.parse import parse_qsl

import pytest

from sandbox.server import Sandbox
from sandbox.tests.app import PATIENCE_S, App, Callback, until
from sandbox.tests.client import Client
from sandbox.tests.conftest import Twilio

TOLD = ["sending", "sent", "delivered"]


def deliver(twilio: Twilio, app: App, sandbox: Sandbox, texts: int = 12) -> list[tuple[str, str]]:
    """Send some messages; returns who was reported what, in order, once all is still."""
    app.arrived.clear()
    for n in range(texts):
        twilio.text(To=f"+1555123{n:04}", StatusCallback=f"{app.url}/status")
    until(lambda: len(sandbox.effects()["messages"]) == texts)
    until(lambda: all(one["status"] == "delivered" for one in _messages(twilio)))
    until(lambda: _still(app))
    return [(c.fields["To"], c.fields["MessageStatus"]) for c in app.at("/status")]


def _messages(twilio: Twilio) -> Any:
    return twilio.get("/Messages.json").json()["messages"]


def _still(app: App) -> bool:
    """Nothing arrives for longer than a shuffled callback may be held."""
    count = len(app.arrived)
    with app.seen:
        return not app.seen.wait_for(lambda: len(app.arrived) > count, timeout=0.7)


def test_without_faults_each_is_sent_once_and_in_order(
    twilio: Twilio, app: App, sandbox: Sandbox
) -> None:
    reported = deliver(twilio, app, sandbox)
    for n in range(12):
        assert [status for to, status in reported if to == f"+1555123{n:04}"] == TOLD


def test_the_same_seed_drops_and_duplicates_the_same_callbacks(
    twilio: Twilio, app: App, sandbox: Sandbox, control: Client
) -> None:
    seen = []
    for seed in (7, 7, 8):
        sandbox.reset()
        control.post("/callbacks", {"drop": 0.3, "duplicate": 0.3, "seed": seed})
        seen.append(Counter(deliver(twilio, app, sandbox)))
    assert seen[0] == seen[1] != seen[2]
    assert {0, 1, 2} == {seen[0][f"+1555123{n:04}", status] for n in range(12) for status in TOLD}


def test_after_a_pause_nothing_is_on_its_way_any_more(
    twilio: Twilio, app: App, sandbox: Sandbox
) -> None:
    answered: list[str] = []

    def slowly(reported: Callback) -> tuple[int, str]:
        threading.Event().wait(0.2)
        answered.append(reported.path)
        return 204, ""

    app.answers["/status"] = slowly
    for _ in range(4):
        twilio.text(StatusCallback=f"{app.url}/status")
    app.wait_for("/status", 4)
    sandbox.pause_callbacks()
    assert len(answered) == len(app.arrived)
    count = len(app.arrived)
    assert _still(app)
    assert len(app.arrived) == count


def test_a_duplicate_is_the_same_request_again(
    twilio: Twilio, app: App, sandbox: Sandbox, control: Client
) -> None:
    control.post("/callbacks", {"duplicate": 1})
    twilio.text(StatusCallback=f"{app.url}/status")
    reported = app.wait_for("/status", 6)
    assert [one.body for one in reported[::2]] == [one.body for one in reported[1::2]]
    tokens = [one.headers["i-twilio-idempotency-token"] for one in reported]
    assert tokens[::2] == tokens[1::2]
    assert len(set(tokens)) == 3


def test_shuffled_callbacks_arrive_out_of_order(
    twilio: Twilio, app: App, sandbox: Sandbox, control: Client
) -> None:
    control.post("/callbacks", {"shuffle": True})
    reported = deliver(twilio, app, sandbox)
    orders = [[s for to, s in reported if to == f"+1555123{n:04}"] for n in range(12)]
    assert all(sorted(order) == sorted(TOLD) for order in orders)
    assert any(order != TOLD for order in orders)


def test_what_fails_is_tried_again_as_the_url_says_with_the_same_token(
    twilio: Twilio, app: App
) -> None:
    refusals = iter([500, 500])

    def answer(_: Callback) -> tuple[int, str]:
        return next(refusals, 204), ""

    app.answers["/status"] = answer
    twilio.text(StatusCallback=f"{app.url}/status#rc=3&rp=5xx")
    reported = app.wait_for("/status", 5)
    assert [one.fields["MessageStatus"] for one in reported] == [
        *["sending"] * 3,
        "sent",
        "delivered",
    ]
    assert len({one.headers["i-twilio-idempotency-token"] for one in reported[:3]}) == 1


def test_an_error_is_not_retried_unless_the_url_says_so(twilio: Twilio, app: App) -> None:
    app.answers["/status"] = lambda _: (500, "")
    twilio.text(StatusCallback=f"{app.url}/status")
    assert [c.fields["MessageStatus"] for c in app.wait_for("/status", 3)] == TOLD


@pytest.mark.parametrize(
    "url", ["https://example.com/x", "http://192.0.2.1/x", "http://127.0.0.1:1/"]
)
def test_a_callback_that_is_not_taken_harms_nothing(twilio: Twilio, url: str) -> None:
    made = twilio.text(StatusCallback=url)
    twilio.becomes("Messages", made["sid"], "delivered")
    twilio.ring(Url=url, StatusCallback=url)


def test_what_was_reported_can_be_read_with_how_it_was_answered(
    twilio: Twilio, app: App, control: Client
) -> None:
    answers = iter([(200, '{"seen": 1}'), (500, "Oh."), (0, "")])
    app.answers["/status"] = lambda _: next(answers)
    twilio.text(StatusCallback=f"{app.url}/status?of=mine")
    until(lambda: len(control.get("/webhooks").json()["webhooks"]) == len(TOLD))
    reported = control.get("/webhooks").json()["webhooks"]
    assert [one["status"] for one in reported] == [200, 500, None]
    assert [one["answer"] for one in reported] == [{"seen": 1}, "Oh.", None]
    assert [dict(parse_qsl(one["body"]))["MessageStatus"] for one in reported] == TOLD
    assert {(one["method"], one["url"]) for one in reported} == {
        ("POST", f"{app.url}/status?of=mine")
    }


def test_an_app_that_hangs_holds_up_no_phone(twilio: Twilio, app: App, sandbox: Sandbox) -> None:
    let_go = threading.Event()

    def hang(_: Callback) -> tuple[int, str]:
        let_go.wait(PATIENCE_S)
        return 204, ""

    app.answers["/status"] = hang
    for _ in range(40):
        twilio.text(StatusCallback=f"{app.url}/status")
    until(lambda: len(sandbox.effects()["messages"]) == 40)
    let_go.set()


def test_reset_ends_what_is_under_way(
    twilio: Twilio, app: App, sandbox: Sandbox, control: Client
) -> None:
    control.post("/phone", {"to": "+15551230001", "behaviour": "answer", "ring_ms": 300})
    twilio.ring(Twiml="<Response/>", StatusCallback=f"{app.url}/status")
    until(lambda: sandbox.effects()["calls"])
    sandbox.reset()
    assert twilio.get("/Calls.json").json()["calls"] == []
    twilio.becomes("Calls", twilio.ring(Twiml="<Response/>")["sid"], "completed")
    assert not app.arrived
    assert len(sandbox.effects()["calls"]) == 1


@pytest.mark.parametrize(
    ("path", "order"),
    [
        ("/callbacks", {"duplicate": 2}),
        ("/callbacks", {"drop": "often"}),
        ("/callbacks", {"shuffle": 1}),
        ("/callbacks", {"seed": 1.5}),
        ("/callbacks", {"loss": 1}),
        ("/callbacks", []),
        ("/pace", {"speed": 0}),
        ("/pace", {"ring_ms": -1}),
        ("/pace", {"calls_per_second": True}),
        ("/phone", {"to": "+15551230001", "behaviour": "answer", "digits": "abc"}),
        ("/phone", {"to": "+15551230001", "behaviour": "answer", "texts": "read"}),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_in_a_sentence(
    control: Client, path: str, order: Any
) -> None:
    answer = control.post(path, order)
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")
