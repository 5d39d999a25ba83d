"""The env file, and names that a platform sets, as a command meets them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ava.conf import env
from integrations.tests.process import manage

Load = Callable[..., dict[str, Any]]
SECRET = "hunter2"


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    def read(content: bytes, **environment: str) -> dict[str, Any]:
        for name in ("TWILIO_AUTH_TOKEN", "AVA_PORT"):
            monkeypatch.setenv(name, "")
            monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        (tmp_path / "env").write_bytes(content)
        monkeypatch.setenv("AVA_ENV_FILE", str(tmp_path / "env"))
        return env.load()

    return read


@pytest.mark.parametrize(
    "line",
    [
        "TWILIO_AUTH_TOKEN=hunter2",
        "TWILIO_AUTH_TOKEN = hunter2",
        "  export TWILIO_AUTH_TOKEN=hunter2  ",
        "export\tTWILIO_AUTH_TOKEN=hunter2",
        "TWILIO_AUTH_TOKEN=hunter2 # mine",
        "TWILIO_AUTH_TOKEN='hunter2' # mine",
        'TWILIO_AUTH_TOKEN="hunter2"# mine',
        "TWILIO_AUTH_TOKEN=hunter2\r",
        "\ufeffTWILIO_AUTH_TOKEN=hunter2",
        "TWILIO_AUTH_TOKEN=first\nTWILIO_AUTH_TOKEN=hunter2",
        "\n # a comment\n\nTWILIO_AUTH_TOKEN=hunter2\nAVA_PORT= # none\n",
    ],
)
def test_a_setting_is_read_as_people_write_it(load: Load, line: str) -> None:
    assert load(line.encode())["TWILIO_AUTH_TOKEN"] == "hunter2"


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("a#b", "a#b"),
        ("'a # b'", "a # b"),
        ('"a # b"', "a # b"),
        ("'a\\n$b'", "a\\n$b"),
        (r'"a\"b\\"', 'a"b\\'),
        ("a=b==", "a=b=="),
        ("$HOME/${x}", "$HOME/${x}"),
    ],
)
def test_a_value_keeps_what_belongs_to_it(load: Load, raw: str, value: str) -> None:
    assert load(f"TWILIO_AUTH_TOKEN={raw}".encode())["TWILIO_AUTH_TOKEN"] == value


@pytest.mark.parametrize(
    "line",
    [
        b"TWILIO_AUTH_TOKEN hunter2",
        b"TWILIO_AUTH_TOKEN: hunter2",
        b"TWILIO-AUTH-TOKEN=hunter2",
        b"TWILIO_AUTH_TOKEN='hunter2",
        b'TWILIO_AUTH_TOKEN="hunter2" hunter2',
        b"TWILIO_AUTH_TOKEN=hunter2\0",
        b"hunter2",
    ],
)
def test_what_is_no_setting_is_refused_by_its_line(load: Load, line: bytes) -> None:
    with pytest.raises(env.EnvironmentInvalid, match="line 2: ") as refused:
        load(b"AVA_PORT=9000\n" + line)
    assert SECRET not in str(refused.value)


def test_a_file_in_another_encoding_is_refused_without_its_content(tmp_path: Path) -> None:
    path = tmp_path / "env"
    path.write_bytes(b"TWILIO_AUTH_TOKEN=hunter2\xfc")
    done = manage("check", AVA_ENV_FILE=str(path))
    assert done.returncode == 2
    assert "is not in UTF-8" in done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_the_environment_wins_over_the_file(load: Load) -> None:
    assert load(b"AVA_PORT=9000", AVA_PORT="9001")["AVA_PORT"] == 9001


def test_what_kubernetes_sets_is_no_setting(load: Load) -> None:
    assert load(b"", AVA_PORT="tcp://10.0.0.1:80")["AVA_PORT"] == 8000
    assert load(b"AVA_PORT=9000", AVA_PORT="tcp://10.0.0.1:80")["AVA_PORT"] == 9000
    named = ("AVA_SERVICE_HOST", "AVA_SERVICE_PORT_HTTP", "AVA_PORT_80_TCP_ADDR", "AVA_PORT_80_TCP")
    assert env.unknown(dict.fromkeys((*named, "AVA_SANDBOX_SERVICE_HOST"), "10.0.0.1")) == []
    assert env.unknown({"AVA_PROT": "80"}) == ["AVA_PROT"]


def test_a_tilde_is_the_home_directory() -> None:
    assert env.read({"AVA_DATA_DIR": "~/ava"})["AVA_DATA_DIR"] == os.path.expanduser("~/ava")
    with pytest.raises(env.EnvironmentInvalid, match="AVA_DATA_DIR must be a directory"):
        env.read({"AVA_DATA_DIR": "~no-such-user/ava"})
