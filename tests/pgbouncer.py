"""A real PgBouncer in transaction mode before PostgreSQL, for tests.

Its defaults in all else but one: it takes sessions in turn. By default it takes the last one again,
with which much works by chance that does not under load.
"""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from tests.ports import free_port

INSTALL = "apt-get install -y --no-install-recommends pgbouncer"
_PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
_START_SECONDS = 60
_CONFIG = """
[databases]
* = host={host}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {directory}/users
pool_mode = transaction
server_round_robin = 1
"""

needed = pytest.mark.skipif(_PGBOUNCER is None, reason=f"no PgBouncer here: {INSTALL}")


class PgBouncer:
    """One before the server of this URL, with its own `url`."""

    def __init__(self, database: str) -> None:
        (self._host,) = parse_qs(urlsplit(database).query)["host"]
        self._port = free_port()
        self.url = f"postgres://postgres@127.0.0.1:{self._port}/postgres"

    def __enter__(self) -> Self:
        self._directory = tempfile.TemporaryDirectory(prefix="ava-pgbouncer-")
        directory = Path(self._directory.name)
        config = _CONFIG.format(host=self._host, port=self._port, directory=directory)
        (directory / "pgbouncer.ini").write_text(config)
        (directory / "users").write_text('"postgres" ""\n')
        directory.chmod(0o755)
        self.start()
        return self

    def start(self) -> None:
        assert _PGBOUNCER is not None
        # It refuses to run as root; PostgreSQL's socket is its own user's.
        owner = Path(self._host).stat().st_uid if os.getuid() == 0 else None
        directory = Path(self._directory.name)
        with (directory / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [_PGBOUNCER, directory / "pgbouncer.ini"], user=owner, stderr=log
            )
        give_up = time.monotonic() + _START_SECONDS
        while True:
            try:
                psycopg.connect(self.url).close()
            except psycopg.OperationalError:
                runs = self._process.poll() is None and time.monotonic() < give_up
                assert runs, (directory / "log").read_text()
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """End it with all its connections."""
        self._process.kill()
        self._process.wait()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._directory.cleanup()
