"""Worker processes with threads that call one provider through its door: a server without HTTP.

`python -m tests.fleet.crew DIRECTORY` forks the workers as the server does and waits for them.
The directory holds `plan.json`; the workers write `transitions` (each as it is announced) and, when
`stop` appears, `calls-PID.json` and `counted-PID.json`: opens and closes.
"""

import json
import logging
import os
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from ava import upstream
from ava.http import correlation
from ava.http.problems import Problem
from ava.upstream import OperatorOverride, Policy, Service, Transition, metrics

LABEL = "fleet"
FRESH_SECONDS = 0.08


@dataclass(frozen=True)
class Plan:
    """What the crew does.

    Args:
        pause: seconds each thread waits between its calls.
        deadline: seconds for a call.
    """

    url: str
    redis_url: str
    recovery: float
    processes: int
    threads: int
    pause: float = 0.05
    deadline: float = 5.0
    seconds: float = 60.0


def main(directory: Path) -> None:
    plan = Plan(**json.loads((directory / "plan.json").read_text()))
    logging.disable(logging.WARNING)  # a line for each refusal is work for no reader
    # The tests' settings take nothing from the environment.
    settings.REDIS_URL = plan.redis_url
    settings.BREAKER_RECOVERY_SECONDS = plan.recovery
    policy = Policy(deadline=plan.deadline, bulkhead=plan.threads, attempts=1)
    upstream.register(Service(LABEL, "Fleet"), base_url=lambda: plan.url, policy=policy)
    children = [_fork(directory, plan) for _ in range(plan.processes)]
    (directory / "pids.new").write_text(json.dumps(children))
    (directory / "pids.new").rename(directory / "pids.json")
    for child in children:
        os.waitpid(child, 0)


def _fork(directory: Path, plan: Plan) -> int:
    child = os.fork()
    if not child:
        try:
            Worker(directory, plan).work()
        finally:
            os._exit(0)
    return child


class Worker:
    """One process."""

    def __init__(self, directory: Path, plan: Plan) -> None:
        self._directory = directory
        self._plan = plan
        self._calls: list[tuple[float, float, str]] = []
        self._log = os.open(directory / "transitions", os.O_APPEND | os.O_CREAT | os.O_WRONLY)
        self._stop = directory / "stop"
        self._override: OperatorOverride | None = None
        self._due = 0.0

    def work(self) -> None:
        while not (self._directory / "pids.json").exists():
            time.sleep(0.01)
        upstream.hooks.listeners.append(self._announce)
        upstream.hooks.override = lambda label: self._read_override()
        threads = [threading.Thread(target=self._call) for _ in range(self._plan.threads)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (self._directory / f"calls-{os.getpid()}.json").write_text(json.dumps(self._calls))
        counted = [
            counter.labels(LABEL)._value.get() for counter in (metrics.OPENS, metrics.CLOSES)
        ]
        (self._directory / f"counted-{os.getpid()}.json").write_text(json.dumps(counted))

    def _call(self) -> None:
        end = time.monotonic() + self._plan.seconds
        while not self._stop.exists() and time.monotonic() < end:
            began = time.monotonic()
            outcome = self._outcome()
            self._calls.append((began, time.monotonic() - began, outcome))
            time.sleep(self._plan.pause)

    def _outcome(self) -> str:
        try:
            with correlation.bind(f"{os.getpid()}"):
                upstream.door(LABEL).send("GET", "/")
        except Problem as problem:
            return problem.code
        except BaseException as bug:  # Whatever it is, the test is to see it.
            return f"{type(bug).__name__}: {bug}"
        return "answered"

    def _announce(self, transition: Transition) -> None:
        seen: dict[str, Any] = asdict(transition) | {"at": time.monotonic(), "pid": os.getpid()}
        os.write(self._log, (json.dumps(seen) + "\n").encode())

    def _read_override(self) -> OperatorOverride | None:
        """As old as a server's may be."""
        path = self._directory / "control.json"
        if time.monotonic() >= self._due and path.exists():
            self._due = time.monotonic() + FRESH_SECONDS
            self._override = OperatorOverride(**json.loads(path.read_text()))
        return self._override


if __name__ == "__main__":
    main(Path(sys.argv[1]))
