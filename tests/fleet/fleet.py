"""A crew of workers as a test sees it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ava.conf.env import BASE_DIR
from tests.fleet.crew import Plan


@dataclass(frozen=True)
class Announced:
    """A transition as a worker announced it. `at` is monotonic seconds."""

    from_state: str
    to_state: str
    reason: str
    local: bool
    pid: int
    at: float


@dataclass(frozen=True)
class Made:
    """A call as a worker made it."""

    began: float
    took: float
    outcome: str
    pid: int


class Fleet:
    """Workers at work until the test ends."""

    def __init__(self, directory: Path, plan: Plan) -> None:
        self._directory = directory
        (directory / "plan.json").write_text(json.dumps(asdict(plan)))
        self._log = (directory / "log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fleet.crew", str(directory)],
            cwd=BASE_DIR,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
            stdout=self._log,
            stderr=self._log,
        )
        self.pids: list[int] = []

    def start(self) -> None:
        """Wait until the workers are there."""
        path = self._directory / "pids.json"
        until(path.exists, 60)
        self.pids = json.loads(path.read_text())

    def transitions(self) -> list[Announced]:
        """Every transition so far, in the order of announcement."""
        path = self._directory / "transitions"
        lines = path.read_text().splitlines() if path.exists() else []
        rows = [json.loads(line) for line in lines]
        return [
            Announced(**{name: row[name] for name in Announced.__dataclass_fields__})
            for row in rows
        ]

    def changes(self) -> list[tuple[str, str]]:
        """The fleet's transitions, without those of workers alone."""
        return [(one.from_state, one.to_state) for one in self.transitions() if not one.local]

    def order(self, **control: Any) -> float:
        """Give an order as an operator; when it was given."""
        fresh = self._directory / "control.new"
        fresh.write_text(json.dumps(control))
        fresh.rename(self._directory / "control.json")
        return time.monotonic()

    def stop(self) -> list[Made]:
        """End the work; every call that was made by those who are still alive."""
        (self._directory / "stop").touch()
        self._process.wait(30)
        return [
            Made(began, took, outcome, int(file.stem.removeprefix("calls-")))
            for file in self._directory.glob("calls-*.json")
            for began, took, outcome in json.loads(file.read_text())
        ]

    def counted(self) -> tuple[float, float]:
        """Opens and closes as all workers together have counted them by the end of the work."""
        files = self._directory.glob("counted-*.json")
        opens, closes = zip(*(json.loads(file.read_text()) for file in files), strict=True)
        return sum(opens), sum(closes)

    def close(self) -> None:
        (self._directory / "stop").touch()
        for pid in self.pids if self._process.poll() is None else []:
            os.kill(pid, signal.SIGCONT)
        try:
            self._process.wait(20)
        finally:
            self._process.kill()
            self._process.wait()
            self._log.close()


def until(holds: Callable[[], object], seconds: float = 15) -> None:
    """Wait for it."""
    give_up = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up, "it did not come to pass"
        time.sleep(0.01)
