"""AVA as deployed: two web workers and `manage.py work`, PostgreSQL and Redis, providers apart."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from ava.conf.env import BASE_DIR
from tests.faults.machine import PROVIDERS, Machine
from tests.postgres_server import PostgresServer
from tests.redis import RedisServer
from tests.server import RunningAva

WEB_WORKERS = 2
BREAKER_SECONDS = 5
"""Until an open breaker lets a probe through: else each provider's fault takes half a minute."""
RESEND = {"api_key": "re_demo", "from_email": "ada@example.com"}
# So small a disk holds no gigabyte of it.
_WAL = ("max_wal_size = '64MB'", "min_wal_size = '32MB'")


class Deployment(RunningAva):
    """AVA and what it stands on, each to be stopped and started alone."""

    def __init__(self, machine: Machine, postgres: PostgresServer, redis: RedisServer) -> None:
        self.machine, self.postgres, self.redis = machine, postgres, redis
        self.wrapper = machine.wrapper
        super().__init__(
            machine.disk / "var",
            DATABASE_URL=postgres.url,
            REDIS_URL=redis.plain_url,
            WEB_CONCURRENCY=str(WEB_WORKERS),
            CIRCUIT_BREAKER_RECOVERY_TIMEOUT=str(BREAKER_SECONDS),
            # As infrastructure/systemd has them.
            MALLOC_ARENA_MAX="1",
            RES_OPTIONS="timeout:2 attempts:1",
            hook=machine.hook,
        )
        self.environment["AVA_PUBLIC_URL"] = self.url
        if self.wrapper:
            host = f"http://{PROVIDERS}:{self.sandbox_port}"
            for provider in ("vapi", "twilio", "resend"):
                self.environment[f"{provider.upper()}_BASE_URL"] = f"{host}/{provider}"

    def __enter__(self) -> Self:
        self.start_sandbox()
        try:
            return super().__enter__()
        except BaseException:
            # Where AVA does not start, there is nothing to end.
            assert self.own_sandbox is not None
            self.own_sandbox.kill()
            raise

    def start_worker(self) -> None:
        """Start `manage.py work`."""
        with (self.log.parent / "work.log").open("ab") as log:
            self.worker = subprocess.Popen(
                [*self.wrapper, sys.executable, "manage.py", "work"],
                cwd=BASE_DIR,
                env=self.environment,
                stdout=log,
                stderr=log,
            )

    def stop_worker(self, sign: signal.Signals = signal.SIGTERM) -> None:
        self.worker.send_signal(sign)
        self.worker.wait(timeout=40)

    def kill_one_web_worker(self) -> None:
        os.kill(min(self.workers()), signal.SIGKILL)

    def revive(self) -> None:
        """Start what has ended by itself, as its service would."""
        if not self.postgres.pids():
            self.postgres.start()
        if self.process.poll() is not None:
            self.start()
        if self.worker.poll() is not None:
            self.start_worker()


@contextmanager
def deployed() -> Iterator[Deployment]:
    """All of it, with the demo user logged in, whose mails go by Resend."""
    # pytest closes its own directories to PostgreSQL's user whenever it starts.
    with (
        tempfile.TemporaryDirectory(prefix="ava-soak-") as directory,
        Machine(Path(directory)) as machine,
    ):
        data = machine.disk / "postgres"
        data.mkdir()
        with (
            PostgresServer(*_WAL, durable=True, directory=data) as postgres,
            RedisServer(timeout=None) as redis,
        ):
            ava = Deployment(machine, postgres, redis)
            with ava:
                ava.start_worker()
                try:
                    ava.login()
                    assert ava.call("PUT", "/integrations/resend/credentials", json=RESEND).ok
                    yield ava
                finally:
                    ava.stop_worker()
