"""Request log: what it shows, and what it hides."""

import base64
import json
import threading
from datetime import datetime

import pytest

from sandbox.masking import mask
from sandbox.server import Sandbox
from sandbox.tests.client import Client, ask, raw
from sandbox.tests.test_vapi import FRONT_DESK


def test_a_request_is_logged_as_it_arrived(control: Client, vapi: Client) -> None:
    vapi.call(
        "PATCH",
        f"/assistant/{FRONT_DESK}?x=1",
        json={"name": "Ü"},
        headers={"X-Correlation-ID": "test-12345"},
    )
    vapi.get("/assistant", headers={"Authorization": "Bearer wrong"})
    (first, second) = control.get("/requests?provider=vapi").json()["requests"]
    assert (first["method"], first["path"]) == ("PATCH", f"/assistant/{FRONT_DESK}")
    assert (first["query"], first["body"], first["status"]) == ({"x": "1"}, {"name": "Ü"}, 200)
    assert first["headers"]["x-correlation-id"] == "test-12345"
    assert (second["body"], second["status"]) == (None, 401)
    assert datetime.fromisoformat(first["time"]) <= datetime.fromisoformat(second["time"])


def test_no_secret_is_in_the_log(control: Client, vapi: Client) -> None:
    secrets = {
        "Authorization": "Bearer planted-secret-key",
        "Cookie": "session=planted-secret-cookie",
        "X-Vapi-Secret": "planted-secret-shared",
        "X-API-Key": "planted-secret-api",
        "Proxy-Authorization": "Basic planted-secret-proxy",
        "Idempotency-Key": "shown-to-all",
    }
    vapi.get("/assistant", headers=secrets)
    text = control.get("/requests").text
    assert "planted-secret" not in text
    headers = json.loads(text)["requests"][0]["headers"]
    assert headers["authorization"] == "Bearer ****-key"
    assert headers["idempotency-key"] == "shown-to-all"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Bearer vapi-demo-key", "Bearer ****-key"),
        ("Bearer short", "Bearer ****"),
        ("a-secret-without-scheme", "****heme"),
        ("", "****"),
    ],
)
def test_a_mask_shows_at_most_the_last_four(value: str, shown: str) -> None:
    assert mask(value) == shown


def test_basic_credentials_do_not_show_through_their_encoding(sandbox: Sandbox) -> None:
    with Client(sandbox.url + "/twilio") as client:
        client.get("/x", auth=("ACx", "secret-token-1234"))
    shown = sandbox.requests("twilio")[0].headers["authorization"]
    tail = shown.removeprefix("Basic ****")
    assert len(base64.b64decode(tail)) <= 3


def test_the_log_can_be_read_and_cleared_for_one_provider(
    control: Client, vapi: Client, sandbox: Sandbox
) -> None:
    with Client(sandbox.url) as client:
        client.get("/resend/domains")
    vapi.get("/assistant")
    assert [r["path"] for r in control.get("/requests").json()["requests"]] == [
        "/domains",
        "/assistant",
    ]
    control.delete("/requests?provider=vapi")
    assert sandbox.requests("vapi") == []
    assert len(sandbox.requests("resend")) == 1
    control.delete("/requests")
    assert sandbox.requests() == []


def test_the_control_plane_is_not_in_the_log(control: Client) -> None:
    control.get("/effects")
    assert control.get("/requests").json()["requests"] == []


def test_connections_count_once_however_many_requests_they_carry(
    sandbox: Sandbox, vapi: Client
) -> None:
    for _ in range(5):
        vapi.get("/assistant")
    with Client(sandbox.url + "/vapi") as other:
        other.get("/assistant")
    assert (sandbox.connections("vapi"), sandbox.served("vapi")) == (2, 6)
    assert sandbox.connections("twilio") == 0


def test_a_connection_that_stays_open_counts_again_after_a_clear(
    sandbox: Sandbox, vapi: Client
) -> None:
    vapi.get("/assistant")
    sandbox.clear_requests("vapi")
    assert (sandbox.connections("vapi"), sandbox.served("vapi")) == (0, 0)
    vapi.get("/assistant")
    vapi.get("/assistant")
    assert (sandbox.connections("vapi"), sandbox.served("vapi")) == (1, 2)


def test_what_was_never_answered_is_not_served(sandbox: Sandbox) -> None:
    sandbox.faults.add("vapi", "refuse", count=1)
    with raw(sandbox.url) as line:
        line.sendall(ask("GET", "/vapi/assistant"))
        assert line.recv(1) == b""
    assert (sandbox.connections("vapi"), sandbox.served("vapi")) == (1, 0)


def test_sixty_four_clients_at_once_are_all_served_and_counted(sandbox: Sandbox) -> None:
    ready = threading.Barrier(64)
    statuses: list[int] = []

    def client() -> None:
        with Client(sandbox.url + "/vapi") as mine:
            mine.session.headers["Authorization"] = "Bearer vapi-demo-key"
            ready.wait()
            for _ in range(5):
                statuses.append(mine.get("/assistant").status_code)

    threads = [threading.Thread(target=client) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 320
    assert (sandbox.connections("vapi"), sandbox.served("vapi")) == (64, 320)
    assert len(sandbox.requests("vapi")) == 320


def test_the_oldest_requests_are_forgotten_but_stay_counted(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.log.KEPT", 3)
    with Sandbox() as small, Client(small.url + "/vapi") as client:
        for number in range(5):
            client.get(f"/{number}")
        assert [arrival.path for arrival in small.requests("vapi")] == ["/2", "/3", "/4"]
        assert small.served("vapi") == 5
