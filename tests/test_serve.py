"""Starting, stopping and crashing AVA as a person does, in processes of its own."""

import os
import shlex
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from ava.conf.env import BASE_DIR
from tests.server import PASSWORD, RunningAva, until

pytestmark = pytest.mark.slow

SETTINGS = "/vapi/settings"

PRODUCTION = {
    "AVA_ENV": "production",
    "AVA_SANDBOX": "0",
    "AVA_DEMO_PASSWORD": "",
    "AVA_PUBLIC_URL": "https://ava.example.com",
    "AVA_TRUSTED_PROXIES": "1",
}


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAva]:
    """Nothing was there before."""
    with RunningAva(tmp_path_factory.mktemp("serve") / "var", fresh=True) as running:
        yield running


@pytest.fixture
def ava(started: RunningAva) -> RunningAva:
    """Started anew where the test before has stopped it."""
    if started.process.poll() is not None:
        started.start()
    return started


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningAva, str]]:
    """AVA in production where the demo was, and what it said before that was mended."""
    server = RunningAva(tmp_path_factory.mktemp("production") / "var", **PRODUCTION)
    assert server.launch().wait(timeout=60) == 1
    said = server.output()
    mend = said.rpartition("manage.py shell -c ")[2].splitlines()[0]
    run = [sys.executable, "manage.py", "shell", "-c", shlex.split(mend)[0]]
    subprocess.run(run, cwd=BASE_DIR, env=server.environment, check=True)
    with server:
        yield server, said


def test_a_fresh_start_serves_the_demo_users_settings(started: RunningAva) -> None:
    started.login()
    answer = started.call("GET", SETTINGS)
    assert answer.status_code == 200, answer.text
    settings = answer.json()["settings"]
    assert [s["custom"] for s in settings].count(False) == 6
    assert [s["custom"] for s in settings].count(True) == 1
    for line in ("demo@example.com", "admin@example.com", PASSWORD, "curl", started.url):
        assert line in started.output()


def test_the_first_screen_holds_no_line_of_a_log(started: RunningAva) -> None:
    screen = started.output().partition("AVA listens on")[0]
    assert "Made new keys" in screen
    assert "Try it:" in screen
    # But for those of requests: this test asks whether AVA answers yet.
    logged = [line for line in screen.splitlines() if '"event"' in line]
    assert [line for line in logged if '"event": "request"' not in line] == []


def test_the_sandbox_of_another_start_is_used_and_left_running(
    ava: RunningAva, tmp_path: Path
) -> None:
    second = RunningAva(tmp_path / "other", AVA_SANDBOX_PORT=str(ava.sandbox_port))
    with second:
        assert "Using the sandbox" in second.output()
    assert requests.get(f"{ava.sandbox}/faults", timeout=5).ok
    assert os.path.isdir(tmp_path / "other")


def test_what_is_no_http_is_refused_and_repeated_nowhere(ava: RunningAva) -> None:
    with socket.create_connection(("127.0.0.1", ava.port), timeout=10) as client:
        client.sendall(b"GET /api/v1/x HTTP/1.1\r\nHost: x\r\nAuthorization Bearer ZZLEAK\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 400 Bad Request")
    assert b"ZZLEAK" not in answer
    assert "ZZLEAK" not in ava.output()


def test_keys_and_database_are_for_the_owner_and_survive_a_restart(ava: RunningAva) -> None:
    data_dir = ava.log.parent
    keys = data_dir / "keys.json"
    before = keys.read_bytes()
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert stat.S_IMODE((data_dir / "ava.sqlite3").stat().st_mode) == 0o600
    ava.login()
    assert ava.stop() == 0
    ava.start()
    assert keys.read_bytes() == before
    # The token of before the restart is still good: nothing but memory was lost.
    assert ava.call("GET", "/auth/me").status_code == 200


def test_a_request_under_way_is_finished_before_ava_stops(ava: RunningAva) -> None:
    ava.login()
    ava.fault(provider="vapi", kind="slow", delay_ms=2000)
    ava.forget_requests()
    fresh = {"Cache-Control": "no-cache"}
    answers: list[requests.Response] = []
    request = threading.Thread(
        target=lambda: answers.append(ava.call("GET", SETTINGS, headers=fresh))
    )
    request.start()
    ava.await_arrival("GET")
    assert ava.stop(signal.SIGTERM) == 0
    request.join()
    assert answers[0].status_code == 200


def test_ava_drains_before_it_closes_anything(tmp_path: Path) -> None:
    with RunningAva(tmp_path / "var", AVA_DRAIN_SECONDS="3") as ava:
        ava.process.send_signal(signal.SIGTERM)
        until(lambda: requests.get(f"{ava.url}/readyz", timeout=5).status_code == 503)
        assert requests.get(f"{ava.url}/readyz", timeout=5).json() == {"status": "draining"}
        answer = requests.get(f"{ava.url}/healthz", timeout=5)
        assert (answer.status_code, answer.headers["Connection"]) == (200, "close")
        assert ava.process.wait(timeout=40) == 0


def test_a_ctrl_c_at_the_terminal_ends_ava_without_a_complaint(ava: RunningAva) -> None:
    os.killpg(ava.process.pid, signal.SIGINT)
    assert ava.process.wait(timeout=40) == 0
    assert "Unexpected exit" not in ava.output()
    assert "Traceback" not in ava.output()


def test_production_does_not_start_on_the_database_of_the_demo(
    production: tuple[RunningAva, str],
) -> None:
    ava, said = production
    assert "Demo users can log in in production" in said
    assert "admin@example.com" in said
    assert ava.process.poll() is None


def test_in_production_hsts_is_for_this_host_alone(production: tuple[RunningAva, str]) -> None:
    ava, _ = production
    by_proxy = {
        "Host": "ava.example.com",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "203.0.113.9",
    }
    answer = requests.get(ava.url, headers=by_proxy, timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    plain = requests.get(
        ava.url,
        headers={**by_proxy, "X-Forwarded-Proto": "http"},
        timeout=10,
        allow_redirects=False,
    )
    assert (plain.status_code, plain.headers["Location"]) == (301, "https://ava.example.com/")


@pytest.mark.parametrize(("host", "printed"), [("::", "[::1]"), ("localhost", "localhost")])
def test_the_printed_curl_can_be_pasted(tmp_path: Path, host: str, printed: str) -> None:
    password = """it's a "demo" $HOME \\ password"""
    server = RunningAva(tmp_path / "var", AVA_HOST=host, AVA_DEMO_PASSWORD=password)
    server.url = f"http://{printed}:{server.port}"
    with server:
        command = server.output().split("Try it:\n", 1)[1].split("\n\n", 1)[0]
        assert f"{server.url}/api/v1/auth/login" in command
        result = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert '"temperature"' in result.stdout, result.stderr


@pytest.mark.parametrize("answering", [False, True])
def test_a_stop_before_ava_serves_leaves_no_sandbox(tmp_path: Path, answering: bool) -> None:
    server = RunningAva(tmp_path / "var", fresh=True)
    process = server.launch()
    if answering:
        until(lambda: sandbox_answers(server))
    else:
        until(lambda: (tmp_path / "var" / "keys.json").exists())
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    assert "listens" not in server.output()
    assert "Traceback" not in server.output()
    until(lambda: not sandbox_answers(server))


def sandbox_answers(server: RunningAva) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", server.sandbox_port)) == 0


def test_a_kill_in_the_middle_of_a_write_loses_nothing(tmp_path: Path) -> None:
    ava = RunningAva(tmp_path / "var")
    ava.start_sandbox()
    with ava:
        killed_in_the_middle_of_a_write(ava.login())


def killed_in_the_middle_of_a_write(ava: RunningAva) -> None:
    before = ava.call("GET", f"{SETTINGS}/temperature").json()["setting"]["value"]
    # Vapi does the work, but its answer hangs: the worst moment to die.
    ava.fault(provider="vapi", kind="hang", when="after", match="PATCH /assistant", count=1)

    def put() -> None:
        with pytest.raises(requests.RequestException):
            ava.call("PUT", f"{SETTINGS}/temperature", json={"value": 1.3})

    request = threading.Thread(target=put)
    request.start()
    ava.await_arrival("PATCH")
    ava.kill()
    request.join()
    ava.heal()
    ava.start()
    setting = ava.call("GET", f"{SETTINGS}/temperature").json()["setting"]
    assert (before, setting["value"]) == (0.7, 1.3)
    history = ava.call("GET", f"{SETTINGS}/temperature/history").json()["results"]
    newest = history[0]
    assert (newest["before"], newest["after"]) == (0.7, 1.3)
    # And the lease of the dead editor is no obstacle for long.
    assert ava.call("PUT", f"{SETTINGS}/max_tokens", json={"value": 300}).status_code in (200, 409)
