"""`manage.py capture` and `manage.py replay`, as an operator uses them."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError

from ava.accounts import services as accounts
from ava.recording.management.commands.replay import Command as Replay
from ava.recording.replay import Outcome
from ava.recording.scenario import Scenario, dump, load
from tests.recording.studio import PLANTED, Studio
from tests.recording.test_scenes import CALL, MESSAGE, fail


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    call_command(*arguments)
    return capsys.readouterr().out


def test_a_capture_is_told_at_the_terminal_or_written_to_a_new_file(
    studio: Studio, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    studio.record(*MESSAGE, under="bad-day")
    text = told(capsys, "capture", "bad-day")
    file = tmp_path / "bad-day.json"
    assert str(file) in told(capsys, "capture", "bad-day", "--to", str(file))
    assert load(text) == load(file.read_text())
    assert [one for one in ("bad-day", *PLANTED) if one in text] == []
    with pytest.raises(CommandError, match="cannot be written: File exists"):
        call_command("capture", "bad-day", "--to", str(file))


def test_an_id_that_nobody_used_and_one_that_several_used(
    studio: Studio, stranger: User, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="no request under this ID"):
        call_command("capture", "nobodys")
    studio.record(*MESSAGE, under="shared")
    own, studio.token = studio.token, accounts.open_session(user=stranger).access_token
    studio.record("GET", "/twilio/numbers", under="shared")
    studio.token = own
    with pytest.raises(CommandError, match="--user"):
        call_command("capture", "shared")
    scenario = load(told(capsys, "capture", "shared", "--user", studio.user.username))
    assert [ask.path for ask in scenario.requests] == ["/api/v1/twilio/messages"]


def test_why_something_cannot_be_captured_is_said(studio: Studio) -> None:
    studio.record("POST", "/twilio/calls", {"to": "nobody"}, under="nonsense")
    with pytest.raises(CommandError, match=r"AVA refused it \(400\) for what it said"):
        call_command("capture", "nonsense")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("{", "not JSON"), ('{"version": 9}', "this AVA reads 1"), (None, "cannot be read")],
)
def test_a_file_that_is_no_capture_starts_nothing(
    text: str | None, sentence: str, tmp_path: Path
) -> None:
    file = tmp_path / "capture.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(CommandError, match=sentence):
        call_command("replay", str(file))


def test_what_does_not_come_again_is_seen(studio: Studio) -> None:
    scenario = studio.capture(studio.record(*MESSAGE))
    scenario.tracks["message 1"][-1] = "failed"
    assert not studio.replay(scenario).is_same
    scenario = studio.capture(studio.record(*MESSAGE))
    scenario.effects["messages"] = 2
    assert not studio.replay(scenario).is_same


def test_lines_that_differ_are_marked_and_the_command_fails(
    studio: Studio, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    class Here(Replay):
        """Plays in this process."""

        def _play(self, scenario: Scenario) -> Outcome:
            return studio.replay(scenario)

    scenario = studio.capture(studio.record(*MESSAGE))
    file = tmp_path / "bad-day.json"
    file.write_text(dump(scenario))
    call_command(Here(), str(file))
    said = capsys.readouterr().out
    assert said.endswith("The same came of it.\n")
    assert "≠" not in said
    scenario.tracks["message 1"][-1] = "failed"
    file.write_text(dump(scenario))
    with pytest.raises(CommandError, match="Something else came of it"):
        call_command(Here(), str(file))
    [marked] = [line.split() for line in capsys.readouterr().out.splitlines() if line[0] == "≠"]
    assert marked == ["≠", "failed", "delivered"]


@pytest.mark.slow
def test_an_incident_is_replayed_by_an_ava_of_its_own(
    studio: Studio, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: Any
) -> None:
    fail(studio, "twilio", "reset", match="POST /", when="after")
    studio.record(*CALL, under="bad-day")
    file = tmp_path / "bad-day.json"
    call_command("capture", "bad-day", "--to", str(file))
    studio.clear()
    # Whatever this installation says: nothing of it reaches the replay.
    monkeypatch.setenv("TWILIO_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("DATABASE_URL", "sqlite:////nowhere/ava.sqlite3")
    said = told(capsys, "replay", str(file))
    assert said.endswith("The same came of it.\n")
    assert "≠" not in said
    assert studio.played.requests() == []
