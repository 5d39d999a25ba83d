"""AVA and the sandbox in processes of their own, for commands that play with both.

Nothing of the environment is passed on but PATH: no database, no key, no proxy and no provider's
address. So what is played reaches nothing real, wherever the command is run.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from ava.conf.env import BASE_DIR

_START_SECONDS = 90
_DEMO = "demo@example.com"
_LAST_LINES = 5


class CannotPlay(Exception):
    """AVA or the sandbox did not start; the message is for the operator."""


class Played:
    """A fresh AVA with a fresh sandbox in a temporary directory, from entering until leaving.

    Args:
        environment: variables of AVA, besides those that keep it apart.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        if not (BASE_DIR / "sandbox" / "__main__.py").is_file():
            raise CannotPlay(
                "This installation comes without the sandbox, and real providers are never played "
                "with. Run it where the whole repository is."
            )
        port, sandbox, smtp = _free_ports(3)
        self.url = f"http://127.0.0.1:{port}"
        self.sandbox = f"http://127.0.0.1:{sandbox}"
        self.token = ""
        self._password = secrets.token_urlsafe(16)
        self._ports = {"AVA_PORT": port, "AVA_SANDBOX_PORT": sandbox, "AVA_SANDBOX_SMTP_PORT": smtp}
        self._own = environment

    def environment(self, directory: Path) -> dict[str, str]:
        """All that this AVA knows."""
        return {
            **self._own,
            **{name: str(port) for name, port in self._ports.items()},
            "PATH": os.environ.get("PATH", os.defpath),
            "AVA_ENV_FILE": os.devnull,
            "AVA_DATA_DIR": str(directory / "var"),
            "AVA_SANDBOX": "1",
            "AVA_DEMO_PASSWORD": self._password,
            "RATE_LIMIT_PER_MINUTE": "100000",
        }

    def __enter__(self) -> Self:
        self._directory = tempfile.TemporaryDirectory(prefix="ava-played-")
        here = Path(self._directory.name)
        log = here / "log"
        with log.open("wb") as written:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ava.server.serve"],
                cwd=BASE_DIR,
                env=self.environment(here),
                stdout=written,
                stderr=written,
                # A Ctrl-C is for the command, which then stops it.
                start_new_session=True,
            )
        try:
            give_up = time.monotonic() + _START_SECONDS
            while "AVA listens on" not in (said := log.read_text(errors="replace")):
                if self._process.poll() is not None or time.monotonic() > give_up:
                    end = "\n".join(said.splitlines()[-_LAST_LINES:])
                    raise CannotPlay(f"AVA did not start. It said:\n{end}")
                time.sleep(0.05)
            self.token = self._log_in()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._directory.cleanup()

    def _log_in(self) -> str:
        """Access token of the demo user."""
        body = {"identifier": _DEMO, "password": self._password}
        with requests.Session() as session:
            session.trust_env = False  # it is on this machine
            answer = session.post(f"{self.url}/api/v1/auth/login", json=body, timeout=30)
        if not answer.ok:
            raise CannotPlay("AVA started, and did not take the demo user's login.")
        return str(answer.json()["access_token"])


def _free_ports(count: int) -> list[int]:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports
