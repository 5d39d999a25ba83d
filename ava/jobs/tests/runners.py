"""Runners of jobs as in production: processes that a test starts and kills."""

import os
import secrets
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from ava.conf.env import BASE_DIR
from ava.jobs.tests.kinds import EFFECTS
from tests import database
from tests.redis import RedisServer


class Runner:
    """The embedded loop in a process of its own."""

    def __init__(self, directory: Path) -> None:
        self.effects = directory / "effects"
        self.effects.touch()
        self.log = directory / "log"
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "ava.settings",
            "SECRET_KEY": secrets.token_urlsafe(64),
            "AVA_JWT_KEY": secrets.token_urlsafe(64),
            "DATABASE_URL": database.url(),
            EFFECTS: str(self.effects),
        }
        self.processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Runner":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        self.launch("-m", "ava.jobs.tests.work")

    def launch(self, *arguments: str) -> None:
        with self.log.open("ab") as log:
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, *arguments],
                    cwd=BASE_DIR,
                    env=self.environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )

    def kill(self) -> None:
        """End everything at once, as a crash does."""
        for process in self.processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.processes.clear()

    def lives(self) -> bool:
        return all(process.poll() is None for process in self.processes)

    def stop(self) -> None:
        self.kill()

    def lines(self) -> list[str]:
        return self.effects.read_text().splitlines()

    def output(self) -> str:
        return self.log.read_text(errors="replace")


class CeleryRunner(Runner):
    """The loop as the sweeper, a Celery worker, and a real Redis between them."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.redis = RedisServer()
        self.environment["CELERY_BROKER_URL"] = self.redis.plain_url

    def start(self) -> None:
        super().start()
        self.launch(
            *("-m", "celery", "-A", "ava", "worker", "-I", "ava.jobs.tests.kinds"),
            *("--pool", "prefork", "--concurrency", "2", "--loglevel", "WARNING"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        )

    def stop(self) -> None:
        super().stop()
        self.redis.close()
