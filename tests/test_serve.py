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
from tests.ports import free_port
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


def refused(tmp_path: Path, *, fresh: bool = False, **environment: str) -> str:
    """What the person reads when AVA does not start."""
    server = RunningAva(tmp_path / "var", fresh=fresh, **environment)
    with pytest.raises(AssertionError):
        server.start()
    assert server.process.returncode in (1, 2)
    output = server.output()
    assert "Traceback" not in output
    return output


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


def test_a_busy_port_is_reported(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        output = refused(tmp_path, AVA_PORT=str(port))
    assert f"Cannot listen on 127.0.0.1:{port}: address already in use." in output
    assert "AVA_PORT" in output


@pytest.mark.parametrize("host", ["1.2.3.4", "bad..host", "ä..host"])
def test_an_address_that_is_not_of_this_machine_is_reported(tmp_path: Path, host: str) -> None:
    output = refused(tmp_path, AVA_HOST=host)
    assert f"Cannot listen on {host}:" in output
    assert "Set AVA_HOST to an address of this machine" in output
    assert "AVA_PORT" not in output


def test_a_busy_sandbox_port_is_reported(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        output = refused(tmp_path, AVA_SANDBOX_PORT=str(other.getsockname()[1]))
    assert "AVA_SANDBOX_PORT" in output


def test_a_wrong_variable_is_reported(tmp_path: Path) -> None:
    output = refused(tmp_path, CIRCUIT_BREAKER_THRESHOLD="many")
    assert "CIRCUIT_BREAKER_THRESHOLD must be a whole number from 1 to 1000" in output


def test_several_workers_without_redis_are_refused_with_the_reason(tmp_path: Path) -> None:
    assert "without REDIS_URL" in refused(tmp_path, WEB_CONCURRENCY="2")


@pytest.mark.parametrize("option", ["socket_timeout=soon", "sockettimeout=1"])
def test_a_wrong_option_of_the_redis_url_is_reported(tmp_path: Path, option: str) -> None:
    url = f"redis://:hunter2@127.0.0.1:{free_port()}/0?{option}"
    output = refused(tmp_path, fresh=True, REDIS_URL=url)
    assert "REDIS_URL has an option that redis-py does not take" in output
    assert option.partition("=")[0] in output
    assert "hunter2" not in output


def test_a_redis_that_does_not_answer_is_reported_and_lived_without(tmp_path: Path) -> None:
    url = f"redis://:hunter2@127.0.0.1:{free_port()}/0"
    with RunningAva(tmp_path / "var", WEB_CONCURRENCY="2", REDIS_URL=url) as ava:
        assert "does not answer" in ava.output()
        assert "hunter2" not in ava.output()
        ava.login()
        assert ava.call("GET", SETTINGS).status_code == 200


def test_a_data_directory_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    output = refused(tmp_path, AVA_DATA_DIR=str(tmp_path / "file" / "var"))
    assert "Cannot write to AVA_DATA_DIR" in output


def test_a_broken_key_file_is_reported_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "keys.json").write_text("{")
    assert "Restore it from your backup" in refused(tmp_path)
    assert (tmp_path / "var" / "keys.json").read_text() == "{"


def test_an_unreachable_database_is_reported(tmp_path: Path) -> None:
    output = refused(tmp_path, DATABASE_URL="postgres://nobody:hunter2@127.0.0.1:9/none")
    assert "The database does not work" in output
    assert "hunter2" not in output
