"""The first walk of a new user, in real processes: what AVA says and what the provider saw."""

import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.server import PASSWORD, RunningAva

pytestmark = pytest.mark.slow

RECOVERY_SECONDS = 5  # the refusals below take about one
SETTINGS = "/vapi/settings"
FRESH = {"Cache-Control": "no-cache"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAva]:
    data_dir = tmp_path_factory.mktemp("walk") / "var"
    with RunningAva(data_dir, CIRCUIT_BREAKER_RECOVERY_TIMEOUT=str(RECOVERY_SECONDS)) as running:
        yield running.login()


@pytest.fixture
def ava(server: RunningAva) -> Iterator[RunningAva]:
    """The running server, its provider healthy and its breaker closed."""
    server.heal()
    while server.call("GET", SETTINGS, headers=FRESH).status_code != 200:
        time.sleep(0.1)
    server.call("GET", SETTINGS, headers=FRESH)
    server.forget_requests()
    yield server
    server.heal()


def metric(ava: RunningAva, name: str, service: str = "vapi") -> float:
    text = requests.get(f"{ava.url}/metrics", timeout=5).text
    found = re.search(rf'^{name}{{service="{service}"}} (\S+)$', text, re.M)
    assert found, name
    return float(found[1])


def test_six_standard_settings_and_one_custom_are_listed(ava: RunningAva) -> None:
    body = ava.call("GET", SETTINGS).json()
    standard = {s["key"] for s in body["settings"] if not s["custom"]}
    assert standard == {
        "greeting_message",
        "max_call_duration",
        "voice_speed",
        "temperature",
        "max_tokens",
        "enable_transcription",
    }
    assert len(body["settings"]) == 7
    assert set(body["assistant"]) >= {"id", "name", "updated_at"}


def test_one_edit_changes_one_field_and_nothing_else(ava: RunningAva) -> None:
    assistant = ava.call("GET", SETTINGS).json()["assistant"]["id"]
    key = {"Authorization": "Bearer vapi-demo-key"}
    address = f"{ava.sandbox.removesuffix('/_sandbox')}/vapi/assistant/{assistant}"
    before = requests.get(address, headers=key, timeout=5).json()
    wished = 0.35 if before["model"]["temperature"] != 0.35 else 0.45

    answer = ava.call("PUT", f"{SETTINGS}/temperature", json={"value": wished})

    assert answer.status_code == 200, answer.text
    assert answer.json()["setting"]["value"] == wished
    after = requests.get(address, headers=key, timeout=5).json()
    assert after.pop("updatedAt") != before.pop("updatedAt")
    before["model"]["temperature"] = wished
    assert after == before
    [patch] = [r for r in ava.arrived() if r["method"] == "PATCH"]
    assert patch["body"] == {"model": after["model"]}


def test_an_edit_made_with_the_callers_id_is_found_everywhere(ava: RunningAva) -> None:
    header = {"X-Correlation-ID": "test-12345"}
    answer = ava.call("PUT", f"{SETTINGS}/max_tokens", json={"value": 333}, headers=header)
    ava.call("PUT", f"{SETTINGS}/max_tokens", json={"value": 250})
    assert answer.headers["X-Correlation-ID"] == "test-12345"
    assert '"correlation_id": "test-12345"' in ava.output()
    of_edit = [r for r in ava.arrived() if "test-12345" in r["headers"].values()]
    assert {"GET", "PATCH"} <= {r["method"] for r in of_edit}
    history = ava.call("GET", f"{SETTINGS}/max_tokens/history").json()["results"]
    assert "test-12345" in {entry["correlation_id"] for entry in history}


def test_the_breaker_opens_rejects_probes_and_closes(ava: RunningAva) -> None:
    opens, closes, failures = (
        metric(ava, f"circuit_breaker_{name}_total") for name in ("opens", "closes", "failures")
    )
    ava.fault(provider="vapi", kind="status", status=500)
    for number in range(3):
        answer = ava.call("GET", SETTINGS, headers={**FRESH, "X-Correlation-ID": f"fail-{number}"})
        assert answer.status_code == 502
        assert answer.json()["detail"] == "Connection to Vapi failed. Please try again later."
    ava.forget_requests()

    waits = []
    for _ in range(3):
        answer = ava.call("GET", SETTINGS, headers=FRESH)
        assert answer.status_code == 503
        wait = int(answer.headers["Retry-After"])
        waits.append(wait)
        assert answer.json()["detail"] == (
            f"Vapi is temporarily unavailable. Please try again in {wait}s."
        )
        assert answer.json()["retry_after"] == wait
        time.sleep(0.4)
    assert waits == sorted(waits, reverse=True)
    assert 1 <= waits[-1] <= waits[0] <= RECOVERY_SECONDS
    assert ava.arrived() == []
    assert metric(ava, "circuit_breaker_state") == 2

    # A read that may be old is still answered, and says so.
    kept = ava.call("GET", SETTINGS)
    assert kept.status_code == 200

    ava.heal()
    time.sleep(RECOVERY_SECONDS + 0.3)
    assert ava.call("GET", SETTINGS, headers=FRESH).status_code == 200
    assert metric(ava, "circuit_breaker_state") == 1
    assert ava.call("GET", SETTINGS, headers=FRESH).status_code == 200
    assert metric(ava, "circuit_breaker_state") == 0
    assert metric(ava, "circuit_breaker_opens_total") == opens + 1
    assert metric(ava, "circuit_breaker_closes_total") == closes + 1
    assert metric(ava, "circuit_breaker_failures_total") == failures + 3


def test_the_admin_lists_the_events_with_the_ids_of_their_requests(ava: RunningAva) -> None:
    ava.fault(provider="vapi", kind="status", status=500)
    for _ in range(3):
        ava.call("GET", SETTINGS, headers={**FRESH, "X-Correlation-ID": "opened-by-me"})
    with requests.Session() as browser:
        login = f"{ava.url}/admin/login/"
        browser.get(login, timeout=5)
        browser.post(
            login,
            data={
                "username": "admin@example.com",
                "password": PASSWORD,
                "csrfmiddlewaretoken": browser.cookies["csrftoken"],
            },
            headers={"Referer": login},
            timeout=10,
        )
        page = browser.get(f"{ava.url}/admin/integrations/breakerevent/", timeout=10)
    assert page.status_code == 200
    assert "opened-by-me" in page.text


def test_a_wrong_key_is_told_fifty_times_and_never_opens_the_breaker(ava: RunningAva) -> None:
    right = {"api_key": "vapi-demo-key"}
    credentials = "/integrations/vapi/credentials"
    opens = metric(ava, "circuit_breaker_opens_total")
    assert ava.call("PUT", credentials, json={"api_key": "wrong-key-123456"}).status_code == 200
    try:
        for _ in range(50):
            answer = ava.call("GET", SETTINGS)
            assert answer.status_code == 401
            assert answer.json()["detail"] == (
                "Invalid Vapi API key. Please update your credentials in Settings."
            )
            assert answer.json()["code"] == "provider_auth_failed"
            assert answer.headers["WWW-Authenticate"] == 'Vapi realm="provider"'
    finally:
        ava.call("PUT", credentials, json=right)
    assert metric(ava, "circuit_breaker_opens_total") == opens
    assert ava.call("GET", SETTINGS).status_code == 200


def test_a_hundred_reads_reach_vapi_twice_at_most(ava: RunningAva) -> None:
    ava.call("PUT", "/integrations/vapi/credentials", json={"api_key": "vapi-demo-key"})
    ava.forget_requests()
    for _ in range(100):
        assert ava.call("GET", SETTINGS).status_code == 200
    assert len(ava.arrived()) <= 2


def test_connections_to_vapi_are_reused(ava: RunningAva) -> None:
    for _ in range(200):
        assert ava.call("GET", SETTINGS, headers=FRESH).status_code == 200
    traffic = ava.traffic()
    assert traffic["served"] >= 200
    assert 1 - traffic["connections"] / traffic["served"] >= 0.95


def test_no_secret_is_in_the_data_directory_in_clear(ava: RunningAva) -> None:
    planted = "planted-secret-0123456789"
    ava.call(
        "PUT",
        "/integrations/resend/credentials",
        json={"api_key": f"re_{planted}", "from_email": "a@example.com"},
    )
    ava.call(
        "PUT",
        "/integrations/twilio/credentials",
        json={"account_sid": "AC" + "0" * 32, "auth_token": planted},
    )
    shown = ava.call("GET", "/integrations/resend/credentials").text
    assert planted not in shown
    data_dir = ava.log.parent
    with sqlite3.connect(data_dir / "ava.sqlite3") as database:
        database.execute("PRAGMA wal_checkpoint")
    for path in data_dir.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert planted.encode() not in content, path
            if path.name != "server.log":
                assert PASSWORD.encode() not in content, path


def test_nothing_went_wrong_inside(ava: RunningAva) -> None:
    assert '"exc_type"' not in ava.output()
    assert "Traceback" not in ava.output()
    assert '"status": 500' not in ava.output()


def test_fifteen_quick_requests_are_ten_answers_and_five_refusals(tmp_path: Path) -> None:
    with RunningAva(tmp_path / "var", RATE_LIMIT_PER_MINUTE="10") as ava:
        ava.login()
        answers = [ava.call("GET", SETTINGS) for _ in range(15)]
    assert [a.status_code for a in answers] == [200] * 10 + [429] * 5
    refusal = answers[-1]
    wait = refusal.headers["Retry-After"]
    assert refusal.json()["detail"] == f"Too many requests. Please try again in {wait}s."
    assert answers[0].headers["X-RateLimit-Limit"] == "10"
    assert answers[0].headers["X-RateLimit-Remaining"] == "9"
