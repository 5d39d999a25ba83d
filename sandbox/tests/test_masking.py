"""Secrets in bodies, queries and addresses: what is shown of them, and what stays comparable."""

import json
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest

from sandbox.masking import DEEPEST, is_secret, readable
from sandbox.server import Sandbox
from sandbox.tests.app import App, until
from sandbox.tests.client import Client, drain, raw
from sandbox.tests.conftest import PERSON, Twilio
from sandbox.tests.test_vapi import FRONT_DESK

PLANTED = "planted-secret-0123"
FORM = "application/x-www-form-urlencoded"


def test_secrets_in_json_are_masked_at_any_depth_and_the_rest_is_as_it_came(
    control: Client, vapi: Client
) -> None:
    tool = {"type": "function", "server": {"url": "https://x.example", "secret": PLANTED}}
    body: dict[str, Any] = {
        "name": "Front",
        "twilioAuthToken": PLANTED,
        "twilioApiSecret": PLANTED,
        "twilioAccountSid": "AC1",
        "callback": f"https://x.example/?q=a%20b&secret={PLANTED}",
        "server": {
            "url": "https://x.example",
            "headers": {"X-Anything": PLANTED, "Authorization": f"Bearer {PLANTED}"},
        },
        "model": {"maxTokens": 250, "tools": [[tool]]},
        "apiKey": [PLANTED, {"inner": PLANTED}],
        "password": 1234567890123,
        "secret": None,
        "isSecret": True,
    }
    vapi.patch(f"/assistant/{FRONT_DESK}", body)
    text = control.get("/requests?provider=vapi").text
    assert PLANTED not in text
    assert json.loads(text)["requests"][0]["body"] == {
        **body,
        "twilioAuthToken": "****0123",
        "twilioApiSecret": "****0123",
        "callback": "https://x.example/?q=a%20b&secret=****0123",
        "server": {
            "url": "https://x.example",
            "headers": {"X-Anything": "****0123", "Authorization": "Bearer ****0123"},
        },
        "model": {
            "maxTokens": 250,
            "tools": [[{**tool, "server": {"url": "https://x.example", "secret": "****0123"}}]],
        },
        "apiKey": ["****0123", {"inner": "****0123"}],
        "password": "****0123",
    }


def test_secrets_in_forms_and_queries_are_masked_and_the_rest_is_as_it_came(
    sandbox: Sandbox, twilio: Twilio
) -> None:
    fields = {
        "grant_type": "refresh_token",
        "refresh_token": PLANTED,
        "client_secret": "with spaces & signs =",
        "Body": "my password is not a field",
        "PageToken": "place-in-the-list",
        "StatusCallback": f"https://x.example/?token={PLANTED}",
    }
    sent = urlencode(fields)
    twilio.call("POST", "/Messages.json?access_token=" + PLANTED + "&PageSize=5", data=fields)
    (arrival,) = sandbox.requests("twilio")
    assert arrival.query == {"access_token": "****0123", "PageSize": "5"}
    assert {name: value for name, [value] in parse_qs(arrival.body).items()} == {
        **fields,
        "refresh_token": "****0123",
        "client_secret": "****ns =",
        "StatusCallback": "https://x.example/?token=****0123",
    }
    assert arrival.body.startswith(sent.partition(PLANTED)[0])


@pytest.mark.parametrize(
    "body",
    [
        f'{{"twilioAuthToken": "{PLANTED}"',
        f'{{"a":1}}{{"client_secret": "{PLANTED}"}}',
        f"twilioAuthToken: {PLANTED}",
        f'[{{"password":"{PLANTED}="',
    ],
)
@pytest.mark.parametrize("kind", [FORM, "application/json", "text/plain", ""])
def test_a_body_that_cannot_be_read_and_names_a_secret_is_not_shown(body: str, kind: str) -> None:
    assert PLANTED not in readable(body.encode(), kind)


def test_a_body_that_cannot_be_read_and_names_none_is_shown() -> None:
    assert readable(b'{"name": "Fr') == '{"name": "Fr'
    assert readable(b"") is None


def test_what_lies_too_deep_is_not_shown_and_jams_no_list(
    control: Client, vapi: Client, capfd: pytest.CaptureFixture[str]
) -> None:
    for depth in (DEEPEST, 300, 900, 950, 5000):
        body = b'{"metadata":' + b'{"a":' * depth + b'"x"' + b"}" * depth + b"}"
        vapi.call("POST", "/assistant", data=body, headers={"Content-Type": "application/json"})
        assert control.get("/requests").status_code == 200
    assert "Traceback" not in capfd.readouterr().err


def test_what_the_sandbox_reported_an_app_is_masked_as_well(
    vapi: Client, app: App, control: Client
) -> None:
    """Vapi's messages carry the number's token, and an app's answer may carry what it likes."""
    app.answers["/vapi"] = lambda _: (200, json.dumps({"client_secret": PLANTED}))
    number = next(one for one in vapi.get("/phone-number").json() if "twilioAuthToken" in one)
    server = {"url": f"{app.url}/vapi?token={PLANTED}"}
    call = {
        "assistantId": FRONT_DESK,
        "phoneNumberId": number["id"],
        "customer": {"number": PERSON},
        "assistantOverrides": {"server": server},
    }
    assert vapi.post("/call", call).status_code == 201
    reported = json.loads(app.wait_for("/vapi", 1)[0].body)["message"]["phoneNumber"]
    assert reported["twilioAuthToken"] == "twilio-demo-token"
    until(lambda: control.get("/webhooks").json()["webhooks"])
    shown = control.get("/webhooks")
    assert shown.json()["webhooks"][0]["url"].endswith("/vapi?token=****0123")
    assert PLANTED not in shown.text
    assert "twilio-demo-token" not in shown.text


def test_the_organisations_secret_is_not_reported_back(control: Client) -> None:
    order = {"url": "http://127.0.0.1:9/x", "scheme": "secret", "secret": PLANTED}
    assert control.post("/vapi", order).json() == {**order, "secret": "****0123"}


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("twilioAuthToken", True),
        ("auth_token", True),
        ("refresh_token", True),
        ("signing_secret", True),
        ("clientSecret", True),
        ("private_key", True),
        ("X-Vapi-Secret", True),
        ("password", True),
        ("Set-Cookie", True),
        ("maxTokens", False),
        ("nextPageToken", False),
        ("page_token", False),
        ("syncToken", False),
        ("I-Twilio-Idempotency-Token", False),
        ("credentialIds", False),
        ("name", False),
    ],
)
def test_a_field_is_known_as_a_secret_by_its_name(name: str, secret: bool) -> None:
    assert is_secret(name) is secret


def test_large_bodies_push_the_oldest_out_of_the_log(
    vapi: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.recent.MOST_BYTES", 2_500_000)
    for number in range(5):
        vapi.call("POST", f"/{number}", data=b"x" * 1_000_000)
    assert [arrival.path for arrival in sandbox.requests("vapi")] == ["/3", "/4"]
    assert sandbox.served("vapi") == 5


def test_a_client_that_falls_silent_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sandbox.connection.Handler.timeout", 0.05)
    with Sandbox() as sandbox:
        for part in (b"", b"GET /vapi", b"POST /vapi HTTP/1.1\r\nContent-Length: 9\r\n\r\n{"):
            with raw(sandbox.url) as line:
                line.sendall(part)
                assert drain(line) == b""
