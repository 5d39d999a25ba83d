"""`manage.py drill`: an outage rehearsed, and never with what is real."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from ava.server import played
from integrations.drill.promises import Reply
from integrations.drill.rehearsal import Rehearsal
from integrations.drill.stage import CannotRehearse, Stage
from integrations.tests.process import manage


@pytest.mark.slow
def test_a_drill_goes_as_promised_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    said = StringIO()
    call_command("drill", stdout=said)
    lines = said.getvalue().splitlines()
    assert lines[-1] == "All as promised."
    story = " ".join(lines)
    assert "502 in" in story
    assert "Vapi is temporarily unavailable. Please try again in" in story
    marks = {line.split()[1] for line in lines if line.startswith("kept ")}
    assert marks >= {"opens", "fail", "sentence", "one", "recovery", "nothing"}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(("name", "argument"), [("drill", "--help"), ("replay", "/nowhere.json")])
def test_it_needs_neither_keys_nor_good_settings_and_makes_no_data_directory(
    name: str, argument: str, tmp_path: Path
) -> None:
    broken = {"SECRET_KEY": "", "AVA_JWT_KEY": "", "AVA_KEYS": "", "AVA_PORT": "none"}
    told = manage(name, argument, **broken, AVA_DATA_DIR=str(tmp_path / "var"))
    assert told.returncode == (0 if argument == "--help" else 1), told.stderr
    assert told.stdout or "/nowhere.json cannot be read." in told.stderr
    assert list(tmp_path.iterdir()) == []


def test_nothing_of_the_environment_reaches_the_ava_of_a_drill(
    monkeypatch: Any, tmp_path: Path
) -> None:
    real = {
        "DATABASE_URL": "postgresql://ava@db/ava",
        "REDIS_URL": "redis://redis/0",
        "VAPI_BASE_URL": "https://api.vapi.ai",
        "TWILIO_AUTH_TOKEN": "real",
        "AVA_KEYS": "real",
        "HTTPS_PROXY": "http://proxy:3128",
    }
    for name, value in real.items():
        monkeypatch.setenv(name, value)
    known = Stage().environment(tmp_path)
    assert not set(known) & set(real)
    assert known["AVA_SANDBOX"] == "1"
    assert known["AVA_ENV_FILE"] == "/dev/null"
    assert known["AVA_DATA_DIR"] == str(tmp_path / "var")


class Elsewhere:
    """A stage whose requests do not arrive at its sandbox."""

    def __init__(self) -> None:
        self.orders: list[str] = []

    def send(self, asked: Any) -> Reply:
        return Reply(200, 0.1, correlation_id="x-1")

    def arrived(self, provider: str) -> list[str]:
        return ["x-2"]

    def order(self, method: str, what: str, **order: Any) -> None:
        self.orders.append(what)


def test_nothing_is_broken_where_requests_go_elsewhere() -> None:
    stage: Any = Elsewhere()
    with pytest.raises(CannotRehearse, match="did not reach the drill's own sandbox"):
        Rehearsal("vapi", stage, None, lambda sentence, reply: None).run()
    assert stage.orders == []


def test_without_the_sandbox_there_is_no_drill(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(played, "BASE_DIR", tmp_path)
    with pytest.raises(CommandError, match="comes without the sandbox") as end:
        call_command("drill", stdout=StringIO())
    assert end.value.returncode == 1
