"""Stage of a drill: AVA with the sandbox in processes of their own, with their own data directory.

Nothing of the environment is passed on but PATH: no database, no Redis, no key, no proxy, no
provider's address. So a drill cannot reach what is real, wherever it is run.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import requests

from ava.conf.env import BASE_DIR
from ava.http import correlation
from integrations.drill.promises import RECOVERY, Reply

_START_SECONDS = 90
_DEMO = "demo@example.com"


class CannotRehearse(Exception):
    """The drill did not take place; `str()` says why, for the operator."""


@dataclass(frozen=True)
class Asked:
    """A request of the demo user's."""

    method: str
    path: str
    json: Any = None
    headers: tuple[tuple[str, str], ...] = ()


class Stage:
    """AVA and its sandbox, from entering until leaving."""

    def __init__(self) -> None:
        if not (BASE_DIR / "sandbox" / "__main__.py").is_file():
            raise CannotRehearse(
                "This installation comes without the sandbox, and a drill is never done with real "
                "providers. Run it where the whole repository is."
            )
        self._ports = _free_ports(3)
        self.metrics = f"127.0.0.1:{self._ports[0]}"
        self.url = f"http://{self.metrics}"
        self._sandbox = f"http://127.0.0.1:{self._ports[1]}"
        self._password = secrets.token_urlsafe(16)
        self._session = requests.Session()
        self._session.trust_env = False

    def __enter__(self) -> Self:
        self._directory = tempfile.TemporaryDirectory(prefix="ava-drill-")
        here = Path(self._directory.name)
        log = here / "log"
        with log.open("wb") as written:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ava.server.serve"],
                cwd=BASE_DIR,
                env=environment(here, self._ports, self._password),
                stdout=written,
                stderr=written,
                # A Ctrl-C is for the command, which then stops it.
                start_new_session=True,
            )
        try:
            give_up = time.monotonic() + _START_SECONDS
            while "AVA listens on" not in log.read_text(errors="replace"):
                if self._process.poll() is not None or time.monotonic() > give_up:
                    end = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
                    raise CannotRehearse(f"AVA did not start for the drill. It said:\n{end}")
                time.sleep(0.05)
            self._log_in()
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
        self._session.close()
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._directory.cleanup()

    def _log_in(self) -> None:
        body = {"identifier": _DEMO, "password": self._password}
        answer = self._session.post(f"{self.url}/api/v1/auth/login", json=body, timeout=30)
        answer.raise_for_status()
        self._login = f"Bearer {answer.json()['access_token']}"

    def send(self, asked: Asked) -> Reply:
        """Ask as the demo user does. A new connection each time: many may be under way at once."""
        given = str(uuid4())
        began = time.perf_counter()
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(
                asked.method,
                f"{self.url}/api/v1{asked.path}",
                json=asked.json,
                headers={
                    **dict(asked.headers),
                    "Authorization": self._login,
                    correlation.HEADER: given,
                },
                timeout=60,
            )
        body = answer.json() if answer.content else {}
        return Reply(
            status=answer.status_code,
            seconds=time.perf_counter() - began,
            detail=str(body.get("detail", "")),
            retry_after=int(answer.headers.get("Retry-After", 0)),
            is_traced=answer.headers.get(correlation.HEADER) == given,
            correlation_id=given,
            body=body,
        )

    def order(self, method: str, what: str, **order: Any) -> Any:
        """Have the sandbox fail, be well again, or show what happened."""
        answer = self._session.request(
            method, f"{self._sandbox}/_sandbox/{what}", json=order or None, timeout=30
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def played(self, path: str, key: str) -> Any:
        """What a provider itself shows, past AVA."""
        headers = {"Authorization": f"Bearer {key}"}
        answer = self._session.get(f"{self._sandbox}{path}", headers=headers, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def arrived(self, provider: str) -> list[str]:
        """Correlation IDs of the requests that reached a provider."""
        found = self.order("GET", f"requests?provider={provider}")["requests"]
        header = correlation.HEADER.lower()
        named = [{name.lower(): value for name, value in one["headers"].items()} for one in found]
        return [one.get(header, "") for one in named]


def environment(directory: Path, ports: list[int], password: str) -> dict[str, str]:
    """All that the AVA of a drill knows.

    Args:
        ports: of AVA, the sandbox, and its mail server.
        password: the demo user's.
    """
    port, sandbox, smtp = map(str, ports)
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "AVA_ENV_FILE": os.devnull,
        "AVA_DATA_DIR": str(directory / "var"),
        "AVA_PORT": port,
        "AVA_SANDBOX": "1",
        "AVA_SANDBOX_PORT": sandbox,
        "AVA_SANDBOX_SMTP_PORT": smtp,
        "AVA_DEMO_PASSWORD": password,
        "RATE_LIMIT_PER_MINUTE": "100000",
        "CIRCUIT_BREAKER_RECOVERY_TIMEOUT": str(RECOVERY),
    }


def _free_ports(count: int) -> list[int]:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports
