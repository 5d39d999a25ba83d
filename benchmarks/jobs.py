"""Background jobs: `manage.py work`, Celery and procrastinate side by side: `script/bench jobs`.

The same jobs, which do nothing, on a PostgreSQL that syncs each commit: how many a second, how
long one waits that comes to idle workers, how long until a killed worker's job is begun again.
Prints the table and writes it to docs/BENCHMARKS.md.
"""

import base64
import os
import re
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ava.conf.env import BASE_DIR
from benchmarks.comparison import PAGE
from benchmarks.effects import EFFECTS
from benchmarks.peers.running import ENVIRONMENT, INSTALL
from benchmarks.table import versions
from tests.postgres_server import PostgresServer
from tests.redis import RedisServer

BEGIN, END = "<!-- jobs -->", "<!-- /jobs -->"
MANY, SINGLES, PAUSE = 1_000, 200, 0.05
READY_SECONDS, GIVE_UP_SECONDS = 6, 60
DOWN_SECONDS = 2
HANGS = 1_000_000
NEVER = f"not within {GIVE_UP_SECONDS} s"
AVA = (sys.executable, "-m", "benchmarks.work")
PEER = (str(ENVIRONMENT / "bin" / "python"), "-m", "benchmarks.peers.procrastination")
CELERY = (
    *(sys.executable, "-m", "celery", "-A", "ava", "worker", "-I", "benchmarks.work"),
    *("--pool", "threads", "--concurrency", "8", "--loglevel", "WARNING"),
    *("--without-gossip", "--without-mingle", "--without-heartbeat"),
)


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


CONTENDERS = (
    Contender("`manage.py work`", AVA, (*AVA, "work")),
    Contender("two of `manage.py work`", AVA, (*AVA, "work"), workers=2),
    Contender("Celery, sent by `manage.py work`", AVA, CELERY, (*AVA, "work")),
    Contender("procrastinate", PEER, (*PEER, "work")),
    Contender("two of procrastinate", PEER, (*PEER, "work"), workers=2),
)


class Trial:
    """One contender with a database and a file of effects of its own."""

    def __init__(self, contender: Contender, directory: Path, url: str, broker: str) -> None:
        self._contender = contender
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
            "DATABASE_URL": url,
            "CELERY_BROKER_URL": broker if contender.sender else "",
            EFFECTS: str(self._effects),
        }

    def measure(self) -> tuple[float, list[float], float | None]:
        """Jobs a second; seconds until each single one began; seconds until a lost one did."""
        self._client("schema")
        self._client("defer", "noop", "0", str(MANY), "0")
        with self._several():
            _until(lambda: len(self._begun()) >= MANY, 240)
            begun = sorted(self._begun())
            waits = self._single_waits()
        return (MANY - 1) / (begun[-1] - begun[0]), waits, self._recovery()

    def _single_waits(self) -> list[float]:
        time.sleep(1)
        told = self._client("defer", "noop", str(MANY), str(SINGLES), str(PAUSE))
        _until(lambda: len(self._begun()) >= MANY + SINGLES)
        asked = dict(line.split() for line in told.splitlines())
        return [began - float(asked[n]) for n, began in self._lines() if n in asked]

    def _recovery(self) -> float | None:
        with self._several(1) as first:
            self._client("defer", "hang", str(HANGS), "1", "0")
            _until(lambda: len(self._begun()) > MANY + SINGLES)
            with self._running(self._contender.worker):
                time.sleep(READY_SECONDS)
                _kill(first[-1])
                killed = time.time()
                found = _until(lambda: len(self._begun()) > MANY + SINGLES + 1, is_sure=False)
                return max(self._begun()) - killed if found else None

    def outage(self, kill: Callable[[], None], start: Callable[[], None]) -> str:
        """Seconds from its being back until the next job begins, in the middle of many."""
        had = len(self._begun())
        self._client("defer", "noop", str(HANGS + had), str(MANY), "0")
        with self._several():
            _until(lambda: len(self._begun()) >= had + MANY // 10)
            kill()
            time.sleep(DOWN_SECONDS)
            start()
            back = time.time()
            if not _until(lambda: max(self._begun()) > back, is_sure=False):
                return NEVER
            went_on = min(began for began in self._begun() if began > back) - back
            asked = {str(HANGS + had + number) for number in range(MANY)}
            _until(lambda: asked <= {number for number, _ in self._lines()}, is_sure=False)
            left = len(asked - {number for number, _ in self._lines()})
        return f"{went_on:.1f} s" + (f", {left} never" if left else "")

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


def main() -> int:
    if not (ENVIRONMENT / "bin" / "procrastinate").exists():
        print(f"procrastinate is not installed: {INSTALL}", file=sys.stderr)
        return 1
    load = os.getloadavg()[0]
    rows = [_row(contender) for contender in CONTENDERS]
    text = "\n".join(
        (
            f"{versions('django', 'celery')}, procrastinate {_peer_version()}. {MANY:,} jobs, then "
            f"{SINGLES} single ones; load average of the machine before: {load:.0f} on "
            f"{os.cpu_count()} cores.",
            "",
            "| | jobs/s | until one begins, ms: p50 / p99 | begun again after kill -9 "
            "| goes on after PostgreSQL's | after Redis' |",
            "|---|---|---|---|---|---|",
            *rows,
        )
    )
    print(text)
    pattern = re.compile(f"{BEGIN}.*{END}", re.DOTALL)
    PAGE.write_text(pattern.sub(lambda _: f"{BEGIN}\n{text}\n{END}", PAGE.read_text()))
    return 0


def _row(contender: Contender) -> str:
    with (
        PostgresServer(durable=True) as postgres,
        RedisServer() as redis,
        tempfile.TemporaryDirectory() as directory,
    ):
        trial = Trial(contender, Path(directory), postgres.url, redis.plain_url)
        rate, waits, recovery = trial.measure()
        outages = [trial.outage(partial(postgres.stop, signal.SIGKILL), postgres.start)]
        outages += [trial.outage(redis.stop, redis.start) if contender.sender else ""]
    p50, p99 = (statistics.quantiles(waits, n=100)[n] * 1000 for n in (49, 98))
    again = f"{recovery:.1f} s" if recovery else NEVER
    cells = (contender.name, f"{rate:.0f}", f"{p50:.0f} / {p99:.0f}", again, *outages)
    row = f"| {' | '.join(cells)} |"
    print(row, flush=True)
    return row


def _peer_version() -> str:
    code = "import procrastinate; print(procrastinate.__version__)"
    return subprocess.check_output([PEER[0], "-c", code], text=True).strip()


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


if __name__ == "__main__":
    sys.exit(main())
