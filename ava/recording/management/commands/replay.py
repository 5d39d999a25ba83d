import signal
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from ava.management import base as commands
from ava.recording import tracks
from ava.recording.capture import NAMES
from ava.recording.replay import Outcome, replay
from ava.recording.scenario import Scenario, ScenarioInvalid, load
from ava.recording.stage import HttpStage, StageBroken
from ava.server.played import CannotPlay, Played

HURRIED = "ava.recording.hurried.settings"
RECOVERY = "5"
"""Seconds for which a breaker stays open in a replay."""


class Command(commands.Command):
    help = (
        "Play an incident again that `manage.py capture` has written, and compare. It starts an "
        "AVA and a sandbox of its own in a temporary directory, with free ports and an empty "
        "environment: no real provider, no database and no user of yours is touched. Takes about "
        "half a minute."
    )
    done = "the same came of it"
    not_done = ("something else came of it", "the file is no capture", "it could not be played")
    # Of the operator's own database nothing is needed, nor of the rest.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="a capture")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        # What it started ends with it.
        before = signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
        try:
            scenario = load(file.read_text(encoding="utf-8"))
            self.stdout.write(f"{scenario.about}\nStarting an AVA and a sandbox of its own...")
            outcome = self._play(scenario)
        except (OSError, UnicodeDecodeError) as fault:
            raise CommandError(f"{file} cannot be read.") from fault
        except (ScenarioInvalid, CannotPlay, StageBroken) as fault:
            raise CommandError(str(fault)) from fault
        finally:
            signal.signal(signal.SIGTERM, before)
        self._show(outcome)

    def _play(self, scenario: Scenario) -> Outcome:
        environment = {
            **scenario.environment,
            "CIRCUIT_BREAKER_RECOVERY_TIMEOUT": RECOVERY,
            "DJANGO_SETTINGS_MODULE": HURRIED,
        }
        with Played(environment) as played:
            stage = HttpStage(played.url, played.sandbox, played.token)
            with stage.session:
                return replay(scenario, stage, NAMES)

    def _show(self, outcome: Outcome) -> None:
        recorded = outcome.recorded
        before = {**recorded.tracks, "effects": _told(recorded.effects)}
        for line in tracks.side_by_side(
            before, {**outcome.tracks, "effects": _told(outcome.effects)}
        ):
            self.stdout.write(line)
        if not outcome.is_same:
            raise CommandError("Something else came of it: see the lines marked with ≠.")
        self.stdout.write(self.style.SUCCESS("The same came of it."))


def _told(effects: dict[str, int]) -> list[str]:
    return [f"{name}: {number}" for name, number in sorted(effects.items())] or ["none"]
