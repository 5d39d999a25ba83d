"""The control plane: what it takes, and the sentences with which it refuses."""

from typing import Any

import pytest

from sandbox.server import Sandbox
from sandbox.tests.client import Client

FAULT = {"provider": "vapi", "kind": "status"}


def test_a_fault_is_ordered_listed_and_lifted(control: Client, vapi: Client) -> None:
    made = control.post("/faults", {**FAULT, "status": 503, "count": 2, "match": "GET /assistant"})
    assert made.status_code == 201
    assert made.json() == {
        "id": 1,
        "provider": "vapi",
        "kind": "status",
        "status": 503,
        "headers": {},
        "when": "before",
        "delay_ms": 0,
        "count": 2,
        "match": "GET /assistant",
        "error": "",
    }
    assert vapi.get("/assistant").status_code == 503
    assert control.get("/faults").json() == {"faults": [{**made.json(), "struck": 1}]}
    assert control.delete("/faults").json() == {"faults": []}
    assert vapi.get("/assistant").status_code == 200


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        ([], "The body must be a JSON object."),
        ({"kind": "hang"}, "provider is required."),
        ({"provider": "vapi"}, "kind is required."),
        (
            {"provider": "acme", "kind": "hang"},
            "provider must be one of vapi, twilio, resend, smtp, google, microsoft.",
        ),
        (
            {**FAULT, "kind": "explode"},
            "kind must be one of status, hang, reset, refuse, slow, drip, garbage.",
        ),
        (
            {**FAULT, "kind": ["hang"]},
            "kind must be one of status, hang, reset, refuse, slow, drip, garbage.",
        ),
        ({**FAULT, "status": 200}, "status must be a whole number from 300 to 599."),
        ({**FAULT, "status": "500"}, "status must be a whole number from 300 to 599."),
        ({**FAULT, "when": "now"}, "when must be one of before, after."),
        ({**FAULT, "delay_ms": -1}, "delay_ms must be a whole number from 0 to 3600000."),
        ({**FAULT, "delay_ms": True}, "delay_ms must be a whole number from 0 to 3600000."),
        ({**FAULT, "count": 0}, "count must be a whole number from 1, or null for ever."),
        ({**FAULT, "headers": {"A": 1}}, "headers must be an object of strings."),
        (
            {**FAULT, "headers": {"A": "x\r\nB: y"}},
            "headers must be valid HTTP headers; 'A' is not.",
        ),
        (
            {**FAULT, "headers": {"Content-Length": "0"}},
            "headers must leave Content-Length to the sandbox.",
        ),
        (
            {**FAULT, "match": "/assistant"},
            "match must be a method and the start of a path without the provider's prefix, "
            'such as "GET /assistant", or null for all.',
        ),
        (
            {**FAULT, "error": "daily_quota_exceeded"},
            "error is for google, microsoft, resend, twilio.",
        ),
        (
            {**FAULT, "provider": "resend", "error": "a b"},
            "error must name an error, such as daily_quota_exceeded or 21211.",
        ),
        (
            {"provider": "smtp", "kind": "drip"},
            "kind drip is for HTTP.",
        ),
        (
            {"provider": "smtp", "kind": "status", "status": 300},
            "status must be from 400 to 599: 4xx and 5xx are SMTP's failures.",
        ),
        (
            {**FAULT, "delay": 5},
            "There is no field 'delay'; there are provider, kind, status, headers, when, "
            "delay_ms, count, match, error.",
        ),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_in_a_sentence(
    control: Client, order: Any, sentence: str
) -> None:
    answer = control.post("/faults", order)
    assert (answer.status_code, answer.json()) == (400, {"error": sentence})
    assert control.get("/faults").json() == {"faults": []}


def test_what_is_not_json_is_refused_in_a_sentence(control: Client) -> None:
    for path in ("/faults", "/phone"):
        for body in (b"{", b"", b"[" * 50_000):
            answer = control.call("POST", path, data=body)
            assert (answer.status_code, answer.json()) == (400, {"error": "The body must be JSON."})


def test_nothing_has_happened_yet(control: Client) -> None:
    nothing: dict[str, list[Any]] = {"calls": [], "messages": [], "mails": [], "events": []}
    assert control.get("/effects").json() == nothing


@pytest.mark.parametrize(
    ("phone", "status"),
    [
        ({"to": "+15005550006", "behaviour": "busy"}, 201),
        ({"to": "+15005550006", "behaviour": "hangup-after", "seconds": 3}, 201),
        ({"to": "+15005550006", "behaviour": "hangup-after"}, 400),
        ({"to": "+15005550006", "behaviour": "busy", "seconds": 3}, 400),
        ({"to": "5005550006", "behaviour": "busy"}, 400),
        ({"to": 1, "behaviour": "busy"}, 400),
        ({"to": "+15005550006", "behaviour": "sing"}, 400),
        ({"to": "+15005550006"}, 400),
        ({"to": "+15005550006", "behaviour": "busy", "x": 1}, 400),
    ],
)
def test_a_phones_behaviour_is_checked(control: Client, phone: Any, status: int) -> None:
    answer = control.post("/phone", phone)
    assert answer.status_code == status
    assert answer.json() == phone if status == 201 else answer.json()["error"].endswith(".")


def test_reset_brings_everything_back(sandbox: Sandbox, control: Client, vapi: Client) -> None:
    first = vapi.get("/assistant").content
    vapi.post("/assistant", {"name": "Other"})
    control.post("/faults", {"provider": "vapi", "kind": "hang"})
    control.post("/phone", {"to": "+15005550006", "behaviour": "busy"})
    assert control.post("/reset").status_code == 200
    assert control.get("/faults").json() == {"faults": []}
    assert control.get("/requests").json() == {"requests": [], "connections": 0, "served": 0}
    assert vapi.get("/assistant").content == first


def test_a_wrong_door_of_the_control_plane_names_the_right_ones(control: Client) -> None:
    answer = control.get("/fault")
    assert answer.status_code == 404
    assert "/_sandbox/faults" in answer.json()["error"]
    answer = control.delete("/reset")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    for method in ("GET", "DELETE"):
        assert control.call(method, "/requests?provider=acme").status_code == 400


def test_an_unknown_path_names_the_providers_that_are_played(sandbox: Sandbox) -> None:
    with Client(sandbox.url) as client:
        answer = client.get("/v1/messages")
    assert answer.status_code == 404
    assert "/vapi" in answer.json()["error"]
