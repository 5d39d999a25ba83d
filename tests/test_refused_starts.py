"""Starts of AVA with something in the way: what the person at the keyboard reads."""

import socket
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.server import RunningAva

pytestmark = pytest.mark.slow

SETTINGS = "/vapi/settings"


def refused(tmp_path: Path, *, fresh: bool = False, **environment: str) -> str:
    """What the person reads when AVA does not start."""
    server = RunningAva(tmp_path / "var", fresh=fresh, **environment)
    with pytest.raises(AssertionError):
        server.start()
    assert server.process.returncode in (1, 2)
    output = server.output()
    assert "Traceback" not in output
    return output


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


@pytest.mark.parametrize("variable", ["AVA_SANDBOX_PORT", "AVA_SANDBOX_SMTP_PORT"])
def test_a_busy_port_of_the_sandbox_is_reported(tmp_path: Path, variable: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        output = refused(tmp_path, **{variable: str(port)})
    assert f"Cannot listen on 127.0.0.1:{port}: address already in use." in output
    assert variable in output


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


def test_a_proxy_of_the_users_is_not_asked_for_what_is_on_this_machine(tmp_path: Path) -> None:
    proxy = f"http://127.0.0.1:{free_port()}"
    with RunningAva(tmp_path / "var", http_proxy=proxy, HTTPS_PROXY=proxy) as ava:
        ava.login()
        assert ava.call("GET", SETTINGS).status_code == 200
