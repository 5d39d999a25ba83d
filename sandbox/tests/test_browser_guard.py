"""Requests of pages in the developer's browser, refused by a sandbox on the same machine."""

import json
import re
import socket

import pytest

from sandbox.server import Sandbox
from sandbox.tests.client import Client, drain, raw
from sandbox.tests.conftest import ACCOUNT_SID

FAULT = b'{"provider": "vapi", "kind": "hang"}'
EVIL = "http://evil.example"


def port_of(sandbox: Sandbox) -> int:
    return int(sandbox.url.rsplit(":", 1)[1])


def asked(sandbox: Sandbox, head: str, *headers: str, body: bytes = b"") -> tuple[int, str]:
    """A request as it stands on the wire. Returns: the status, and what the body complains of."""
    lines = [head, *headers, f"Content-Length: {len(body)}", "Connection: close"]
    with raw(sandbox.url) as line:
        line.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        answer, _, reported = drain(line).partition(b"\r\n\r\n")
    assert b"access-control-allow" not in answer.lower()
    shown = json.loads(reported) if reported else {}
    return int(answer.split()[1]), str(shown.get("error", "")) if isinstance(shown, dict) else ""


@pytest.mark.parametrize(
    "path", ["/_sandbox/requests", "/_sandbox/faults", "/_sandbox/x", "/vapi/assistant", "/", "/x"]
)
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8001",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evillocalhost",
        "localhost@evil.example",
        "192.0.2.7",
        "[2001:db8::1]:8001",
        "[::1",
        "",
        "0.0.0.0",
        "169.254.169.254",
    ],
)
def test_a_name_that_was_pointed_at_this_machine_is_refused_on_every_path(
    sandbox: Sandbox, path: str, host: str
) -> None:
    status, said = asked(sandbox, f"GET {path} HTTP/1.1", f"Host: {host}")
    assert (status, said.endswith("listens on.")) == (403, True)
    assert sandbox.requests() == []


def test_a_second_host_and_an_absolute_target_are_looked_at_too(sandbox: Sandbox) -> None:
    get = "GET /_sandbox/faults HTTP/1.1"
    assert asked(sandbox, get, "Host: localhost", "Host: evil.example")[0] == 403
    absolute = "GET http://evil.example/_sandbox/faults HTTP/1.1"
    assert asked(sandbox, absolute, "Host: localhost")[0] == 403


@pytest.mark.parametrize(
    "host", ["127.0.0.1:{port}", "localhost:{port}", "LocalHost.", "ava.localhost", "[::1]:{port}"]
)
def test_the_names_of_this_machine_are_taken(sandbox: Sandbox, host: str) -> None:
    named = host.format(port=port_of(sandbox))
    for path in ("/_sandbox/faults", "/vapi"):
        assert asked(sandbox, f"GET {path} HTTP/1.1", f"Host: {named}")[0] in (200, 404)


def test_the_address_that_it_listens_on_is_taken() -> None:
    mapped = {"127.0.0.1": "127.0.0.1", "0.0.0.0": "0.0.0.0", "::": "[::]"}
    for listening, host in mapped.items():
        with Sandbox(listening) as sandbox:
            local = f"http://127.0.0.1:{port_of(sandbox)}"
            with socket.create_connection(("127.0.0.1", port_of(sandbox))) as line:
                ask = f"GET /_sandbox/faults HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
                line.sendall(ask.encode())
                assert drain(line).startswith(b"HTTP/1.1 200"), listening
            with Client(local) as client:
                strange = client.get("/_sandbox/faults", headers={"Host": "evil.example"})
                assert strange.status_code == 403


def doors() -> list[tuple[str, str]]:
    """Every door of the control plane, as the sandbox itself names them."""
    with Sandbox() as sandbox, Client(sandbox.url) as client:
        paths = re.findall(r"/_sandbox/\w+", client.get("/_sandbox/").json()["error"])
        return [
            (method, path)
            for path in dict.fromkeys(paths)
            for method in client.call("PUT", path).headers["Allow"].split(", ")
        ]


DOORS = doors()


@pytest.mark.parametrize(("method", "path"), DOORS)
@pytest.mark.parametrize(
    "headers",
    [
        [f"Origin: {EVIL}"],
        ["Origin: null"],
        ["Origin: "],
        ["Origin: https://127.0.0.1:{port}"],
        ["Origin: http://localhost:{port}"],
        ["Origin: http://127.0.0.1:8000"],
        ["Sec-Fetch-Site: cross-site"],
        ["Sec-Fetch-Site: same-site"],
        ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"],
    ],
)
def test_no_door_of_the_control_plane_opens_to_a_page_of_another_origin(
    sandbox: Sandbox, method: str, path: str, headers: list[str]
) -> None:
    port = port_of(sandbox)
    named = [one.format(port=port) for one in headers]
    target = f"{method} {path} HTTP/1.1"
    status, said = asked(sandbox, target, f"Host: 127.0.0.1:{port}", *named, body=FAULT)
    assert status == 403
    assert said.startswith("The sandbox takes no requests from pages")
    assert sandbox.faults.pending() == []


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
def test_programs_order_with_any_content_type_and_the_sandboxs_own_pages_too(
    sandbox: Sandbox, kind: str | None
) -> None:
    host = f"127.0.0.1:{port_of(sandbox)}"
    kinds = [f"Content-Type: {kind}"] if kind else []
    own = [f"Origin: http://{host}", "Sec-Fetch-Site: same-origin"]
    typed = ["Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate"]
    for more in ([], own, typed):
        target = "POST /_sandbox/faults HTTP/1.1"
        assert asked(sandbox, target, f"Host: {host}", *kinds, *more, body=FAULT)[0] == 201


def test_a_page_that_knows_the_public_keys_places_no_call(
    sandbox: Sandbox, control: Client
) -> None:
    """A form can be sent to http://AC...:twilio-demo-token@127.0.0.1:8001/."""
    with Client(sandbox.url) as client:
        answer = client.call(
            "POST",
            f"/twilio/2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json",
            data={"To": "+15551230001", "From": "+15005550006", "Twiml": "<Response><Hangup/>"},
            auth=(ACCOUNT_SID, "twilio-demo-token"),
            headers={
                "Origin": EVIL,
                "Sec-Fetch-Site": "cross-site",
                "Sec-Fetch-Mode": "navigate",
            },
        )
    assert answer.status_code == 403
    assert sandbox.requests() == []
    assert sandbox.effects()["calls"] == []


def test_a_page_is_not_reported_that_it_may_ask(sandbox: Sandbox) -> None:
    status, _ = asked(
        sandbox,
        "OPTIONS /_sandbox/faults HTTP/1.1",
        "Host: localhost",
        f"Origin: {EVIL}",
        "Access-Control-Request-Method: POST",
        "Access-Control-Request-Private-Network: true",
    )
    assert status == 403


def test_a_link_leads_to_a_providers_page_but_a_script_does_not(sandbox: Sandbox) -> None:
    site = ["Host: localhost", "Sec-Fetch-Site: cross-site"]
    get = "GET /microsoft/authorize HTTP/1.1"
    assert asked(sandbox, get, *site, "Sec-Fetch-Mode: navigate")[0] == 401
    assert asked(sandbox, get, *site, "Sec-Fetch-Mode: no-cors")[0] == 403
    post = "POST /microsoft/authorize HTTP/1.1"
    assert asked(sandbox, post, *site, "Sec-Fetch-Mode: navigate")[0] == 403
