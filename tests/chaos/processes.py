"""AVA as it runs under chaos: made short of patience, its sandbox apart, perhaps with Celery."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

import requests

from ava.conf.env import BASE_DIR
from tests.server import RunningAva

VAPI_KEY = "vapi-demo-key"


class ChaoticAva(RunningAva):
    """AVA with a public address, so that callbacks reach it."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        super().__init__(
            data_dir,
            DJANGO_SETTINGS_MODULE="tests.chaos.settings",
            CIRCUIT_BREAKER_RECOVERY_TIMEOUT="1",
            **environment,
        )
        self.environment["AVA_PUBLIC_URL"] = self.url

    def __enter__(self) -> Self:
        self.start_sandbox()
        try:
            return super().__enter__()
        except BaseException:
            # Where AVA does not start, `__exit__` is not called.
            assert self.own_sandbox is not None
            self.own_sandbox.kill()
            raise

    def assistant(self) -> str:
        """One of Vapi's that reports to AVA."""
        credentials = {"api_key": VAPI_KEY, "webhook_secret": "between-vapi-and-ava"}
        assert self.call("PUT", "/integrations/vapi/credentials", json=credentials).ok
        answer = requests.post(
            f"http://127.0.0.1:{self.sandbox_port}/vapi/assistant",
            json={"name": "Hal", "model": {"provider": "openai", "model": "gpt-4o"}},
            headers={"Authorization": f"Bearer {VAPI_KEY}"},
            timeout=5,
        )
        return str(answer.json()["id"])


class AvaWithCelery(ChaoticAva):
    """AVA that leaves its jobs to a Celery worker, which lives and dies with it."""

    worker: subprocess.Popen[bytes] | None = None

    def launch(self) -> subprocess.Popen[bytes]:
        process = super().launch()
        with self.log.open("ab") as log:
            self.worker = subprocess.Popen(
                [
                    *(sys.executable, "-m", "celery", "-A", "ava", "worker"),
                    *("--pool", "threads", "--concurrency", "8", "--loglevel", "WARNING"),
                    *("--without-gossip", "--without-mingle", "--without-heartbeat"),
                ],
                cwd=BASE_DIR,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return process

    def kill(self) -> None:
        super().kill()
        self._end_worker()

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> int:
        self._end_worker()
        return super().stop(sign)

    def _end_worker(self) -> None:
        if self.worker is not None:
            os.killpg(self.worker.pid, signal.SIGKILL)
            self.worker.wait()
            self.worker = None
