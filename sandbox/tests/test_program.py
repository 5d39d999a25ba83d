"""`python -m sandbox`, as a person or a script starts it."""

import ast
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import sandbox
from sandbox.server import Sandbox
from sandbox.tests.client import Client, ask, raw

ROOT = Path(sandbox.__file__).parent.parent
COMMAND = [sys.executable, "-m", "sandbox"]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_and_ends_at_once_even_while_requests_hang(number: int) -> None:
    with subprocess.Popen(
        [*COMMAND, "--port", "0", "--smtp-port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        line = process.stdout.readline()
        url = re.fullmatch(r"The providers' sandbox is ready at (http://127\.0\.0\.1:\d+)\n", line)
        assert url
        mail = process.stdout.readline()
        assert re.fullmatch(
            r"It takes mails by SMTP on 127\.0\.0\.1 port \d+: STARTTLS, demo / smtp-demo\n", mail
        )
        with Client(url[1]) as client, raw(url[1]) as hanging:
            client.post("/_sandbox/faults", {"provider": "vapi", "kind": "hang"})
            hanging.sendall(ask("GET", "/vapi/assistant"))
            while not client.get("/_sandbox/requests").json()["requests"]:
                time.sleep(0.01)
            begun = time.monotonic()
            process.send_signal(number)
            out, err = process.communicate(timeout=10)
        assert (process.returncode, out, err) == (0, "", "")
        assert time.monotonic() - begun < 5


def test_a_busy_port_is_reported_in_a_sentence(running: Sandbox) -> None:
    port = running.url.rsplit(":", 1)[1]
    ended = run(AVA_SANDBOX_PORT=port)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"The sandbox cannot listen on 127.0.0.1 port {port}: Address ")
    assert "Traceback" not in ended.stderr


def test_a_busy_mail_port_that_was_asked_for_is_reported_in_a_sentence(running: Sandbox) -> None:
    port = str(running.smtp_port)
    ended = run("--port", "0", AVA_SANDBOX_SMTP_PORT=port)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        f"The sandbox cannot listen on 127.0.0.1 port {port}: Address already in use. Stop the "
        "program that holds the port, or choose another one with --smtp-port or "
        "AVA_SANDBOX_SMTP_PORT.\n"
    )


def test_beside_another_sandbox_it_goes_on_without_mail_and_says_so() -> None:
    try:
        other = socket.create_server(("127.0.0.1", 8025))
    except OSError:
        other = socket.socket()  # whoever has the port plays the other sandbox
    with (
        other,
        subprocess.Popen(
            [*COMMAND, "--port", "0"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdout
        assert process.stderr
        url = process.stdout.readline().split()[-1]
        assert process.stderr.readline().startswith(
            "It takes no mails by SMTP. The sandbox cannot listen on 127.0.0.1 port 8025: "
        )
        with Client(url) as client:
            assert client.get("/_sandbox/smtp").json()["port"] is None
        process.terminate()


@pytest.mark.parametrize("port", ["x", "-1", "65536", "80.0"])
def test_a_port_that_is_none_is_reported_in_a_sentence(port: str) -> None:
    for ended in (run(f"--port={port}"), run(AVA_SANDBOX_PORT=port)):
        assert ended.returncode == 2
        assert f"{port!r} is no port" in ended.stderr


def test_what_kubernetes_sets_for_a_service_is_no_port() -> None:
    ended = run("--host", "192.0.2.1", AVA_SANDBOX_PORT="tcp://10.0.0.7:8001")
    assert "The sandbox cannot listen on 192.0.2.1 port 8001" in ended.stderr


def test_an_address_that_is_not_ours_is_reported_in_a_sentence() -> None:
    ended = run("--host", "192.0.2.1", "--port", "0")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr


def test_help_shows_a_stranger_the_keys_and_where_to_go_on() -> None:
    text = run("--help").stdout
    for word in (
        "vapi-demo-key",
        "twilio-demo-token",
        "re_demo",
        "smtp-demo",
        "AVA_SANDBOX_PORT",
        "/_sandbox",
    ):
        assert word in text


def test_it_needs_the_standard_library_and_for_mail_one_package() -> None:
    for path in (ROOT / "sandbox").rglob("*.py"):
        if "tests" in path.parts:
            continue
        allowed = sys.stdlib_module_names | {"sandbox"}
        allowed |= {"aiosmtpd"} if path.parent.name == "smtp" else set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert {name.partition(".")[0] for name in names} <= allowed, path
