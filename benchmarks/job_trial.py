"""One trial of `script/bench jobs`: a contender's commands, run, killed and timed."""

import base64
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from ava.conf.env import BASE_DIR
from benchmarks.effects import EFFECTS
from tests.postgres_server import PostgresServer
from tests.redis import RedisServer

MANY, SINGLES, PAUSE = 1_000, 200, 0.05
READY_SECONDS, GIVE_UP_SECONDS = 6, 60
HANGS = 1_000_000


@dataclass(frozen=True)
class Contender:
    """Commands of one that runs jobs.

    Attributes:
        client: makes the tables, and asks for jobs.
        worker: is killed, and there may be several.
        sender: hands jobs to the workers, where they do not fetch them.
    """

    name: str
    client: tuple[str, ...]
    worker: tuple[str, ...]
    sender: tuple[str, ...] = ()
    workers: int = 1


@dataclass(frozen=True)
class Measured:
    """Result of a trial.

    Attributes:
        rate: jobs a second.
        waits: seconds until each single one began.
        lost: seconds until a killed worker's job began again; None: it did not.
        after_database, after_broker: the longest seconds without one, once that one was back.
    """

    rate: float
    waits: list[float]
    lost: float | None
    after_database: float | None
    after_broker: float | None


class Trial:
    """One contender with a database and a file of effects of its own."""

    def __init__(
        self, contender: Contender, directory: Path, database: PostgresServer, broker: RedisServer
    ) -> None:
        self._contender, self._database, self._broker = contender, database, broker
        self._effects = directory / "effects"
        self._effects.touch()
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "ava.settings",
            "SECRET_KEY": secrets.token_urlsafe(64),
            "AVA_JWT_KEY": secrets.token_urlsafe(64),
            "AVA_KEYS": f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
            "AVA_ENV_FILE": os.devnull,
            "AVA_SANDBOX": "1",
            "AVA_DATA_DIR": str(directory),
            "DATABASE_URL": database.url,
            "CELERY_BROKER_URL": broker.plain_url if contender.sender else "",
            EFFECTS: str(self._effects),
        }

    def measure(self) -> "Measured":
        self._client("schema")
        self._client("defer", "noop", "0", str(MANY), "0")
        with self._several():
            _until(lambda: len(self._begun()) >= MANY, 240)
            begun = sorted(self._begun())
            waits = self._single_waits()
            after_database = self._after(self._kill_database)
            after_broker = self._after(self._kill_broker) if self._contender.sender else None
        rate = (MANY - 1) / (begun[-1] - begun[0])
        return Measured(rate, waits, self._recovery(), after_database, after_broker)

    def _kill_database(self) -> None:
        self._database.stop(signal.SIGKILL)
        self._database.start()

    def _kill_broker(self) -> None:
        self._broker.stop()
        self._broker.start()

    def _after(self, kill: Callable[[], None]) -> float | None:
        """The longest time in which no job began, from a store's return until all have; None where
        not all did."""
        first = 10 * MANY + len(self._begun())
        self._client("defer", "noop", str(first), str(MANY), "0")
        wanted = {str(n) for n in range(first, first + MANY)}
        _until(lambda: len(wanted & {n for n, _ in self._lines()}) > MANY // 10)
        kill()
        back = time.time()
        if not _until(lambda: max(self._begun()) > back, is_sure=False):
            return None
        if not _until(lambda: wanted <= {n for n, _ in self._lines()}, 240, is_sure=False):
            return None
        times = [back, *sorted(began for began in self._begun() if began > back)]
        return max(later - one for one, later in pairwise(times))

    def _single_waits(self) -> list[float]:
        time.sleep(1)
        told = self._client("defer", "noop", str(MANY), str(SINGLES), str(PAUSE))
        _until(lambda: len(self._begun()) >= MANY + SINGLES)
        asked = dict(line.split() for line in told.splitlines())
        return [began - float(asked[n]) for n, began in self._lines() if n in asked]

    def _recovery(self) -> float | None:
        def begun() -> list[float]:
            return [began for n, began in self._lines() if n == str(HANGS)]

        with self._several(1) as first:
            self._client("defer", "hang", str(HANGS), "1", "0")
            _until(lambda: len(begun()) == 1)
            with self._running(self._contender.worker):
                time.sleep(READY_SECONDS)
                _kill(first[-1])
                killed = time.time()
                found = _until(lambda: len(begun()) > 1, is_sure=False)
                return max(begun()) - killed if found else None

    @contextmanager
    def _several(self, workers: int = 0) -> Iterator[list["subprocess.Popen[bytes]"]]:
        one = self._contender
        commands = [one.sender] if one.sender else []
        commands += [one.worker] * (workers or one.workers)
        processes = [self._start(command) for command in commands]
        try:
            yield processes
        finally:
            for process in processes:
                _kill(process)

    @contextmanager
    def _running(self, command: tuple[str, ...]) -> Iterator[None]:
        process = self._start(command)
        try:
            yield
        finally:
            _kill(process)

    def _start(self, command: tuple[str, ...]) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            command,
            cwd=BASE_DIR,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _client(self, *arguments: str) -> str:
        command = [*self._contender.client, *arguments]
        return subprocess.run(
            command, cwd=BASE_DIR, env=self._environment, check=True, capture_output=True, text=True
        ).stdout

    def _lines(self) -> list[tuple[str, float]]:
        pairs = (line.split() for line in self._effects.read_text().splitlines())
        return [(n, float(began)) for n, began in pairs]

    def _begun(self) -> list[float]:
        return [began for _, began in self._lines()]


def _until(found: Callable[[], bool], seconds: int = GIVE_UP_SECONDS, is_sure: bool = True) -> bool:
    give_up = time.monotonic() + seconds
    while not found():
        if time.monotonic() > give_up:
            assert not is_sure, "the jobs were not done"
            return False
        time.sleep(0.05)
    return True


def _kill(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
