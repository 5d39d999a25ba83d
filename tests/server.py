"""AVA as a person starts it: `python -m ava.server.serve` in a process, on free ports."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import requests

from ava.conf.env import BASE_DIR
from tests import prepared
from tests.ports import free_port, is_free

_START_SECONDS = 60
_LAST_LINES = 30
PASSWORD = "a demo password for tests"


def until(happened: Callable[[], bool]) -> None:
    """Wait for it; fail when it does not come."""
    give_up = time.monotonic() + _START_SECONDS
    while not happened():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether this process runs. A dead child that was not waited for is a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


class RunningAva:
    """A server process with its sandbox, and a client logged in as the demo user.

    Args:
        fresh: it is AVA's first start here, with all that it has to make.
        hook: Python that each of its processes runs before all else.

    Attributes:
        wrapper: a command that runs its own.
    """

    wrapper: tuple[str, ...] = ()

    def __init__(
        self, data_dir: Path, *, fresh: bool = False, hook: str = "", **environment: str
    ) -> None:
        self._fresh, self._hook = fresh, hook
        self.port = free_port()
        self.sandbox_port = int(environment.pop("AVA_SANDBOX_PORT", 0)) or free_port()
        self.smtp_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.sandbox = f"http://127.0.0.1:{self.sandbox_port}/_sandbox"
        self.log = data_dir / "server.log"
        self.environment = {
            "PATH": os.environ["PATH"],
            "AVA_ENV_FILE": os.devnull,
            "AVA_DATA_DIR": str(data_dir),
            "AVA_PORT": str(self.port),
            "AVA_SANDBOX": "1",
            "AVA_SANDBOX_PORT": str(self.sandbox_port),
            "AVA_SANDBOX_SMTP_PORT": str(self.smtp_port),
            "AVA_DEMO_PASSWORD": PASSWORD,
            "RATE_LIMIT_PER_MINUTE": "100000",
            **environment,
        }
        self.session = requests.Session()
        self.own_sandbox: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.stop()
        finally:
            if self.own_sandbox is not None:
                self.own_sandbox.terminate()
                self.own_sandbox.communicate()

    def start_sandbox(self) -> None:
        """Start the sandbox apart, as script/sandbox does: it outlives a crash of AVA."""
        self.own_sandbox = subprocess.Popen(
            [
                *(sys.executable, "-m", "sandbox"),
                *("--port", str(self.sandbox_port), "--smtp-port", str(self.smtp_port)),
            ],
            cwd=BASE_DIR,
            stdout=subprocess.PIPE,
        )
        assert self.own_sandbox.stdout is not None
        self.own_sandbox.stdout.readline()

    def launch(self) -> subprocess.Popen[bytes]:
        """The process, without waiting until it answers."""
        self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._fresh:
            prepared.copy(self.log.parent, password=PASSWORD)
        if self._hook:
            (self.log.parent / "sitecustomize.py").write_text(self._hook)
            path = os.pathsep.join([str(self.log.parent), str(BASE_DIR)])
            self.environment["PYTHONPATH"] = path
        self.log.touch(mode=0o600)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.wrapper, sys.executable, "-m", "ava.server.serve"],
                cwd=BASE_DIR,
                env=self.environment,
                stdout=log,
                stderr=log,
                # A group of its own: `kill` takes the workers, too, and the sandbox stays.
                start_new_session=True,
            )
        return self.process

    def start(self) -> None:
        self.launch()
        give_up = time.monotonic() + _START_SECONDS
        while time.monotonic() < give_up and self.process.poll() is None:
            try:
                answers = requests.get(f"{self.url}/healthz", timeout=1).ok
                if answers and "AVA listens on" in self.output():
                    return
            except requests.RequestException:
                time.sleep(0.05)
        self.stop()
        last = "\n".join(self.output().splitlines()[-_LAST_LINES:])
        raise AssertionError(f"AVA did not start. The end of its log:\n{last}")

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> int:
        # Its connections end with the server.
        self.session.close()
        if self.process.poll() is None:
            self.process.send_signal(sign)
        return self.process.wait(timeout=40)

    def kill(self) -> None:
        """What a crash does: the whole of AVA at once, its worker included."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        # Its workers may need a moment longer, and hold the port until then.
        until(lambda: is_free(self.port))

    def children(self) -> set[int]:
        """The process ids of what it started itself: its workers, and maybe the sandbox."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return {int(pid) for pid in listed.read_text().split()}

    def workers(self) -> set[int]:
        """Those of its workers. The sandbox has a session of its own."""
        return {pid for pid in self.children() if _session(pid) == self.process.pid}

    def accepting(self) -> int:
        """How many of its workers listen: each has a socket of its own."""
        listed = Path("/proc/net/tcp").read_text().splitlines()
        return sum(f":{self.port:04X} 00000000:0000 0A" in line for line in listed)

    def metric_files(self) -> set[str]:
        """Where several workers write their figures."""
        directory = Path(self.environment["AVA_DATA_DIR"]) / f"metrics-{self.port}"
        return {file.name for file in directory.glob("*.db")}

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def login(self, identifier: str = "demo@example.com") -> Self:
        answer = self.session.post(
            f"{self.url}/api/v1/auth/login",
            json={"identifier": identifier, "password": PASSWORD},
            timeout=10,
        )
        assert answer.status_code == 200, answer.text
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return self

    def call(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        return self.session.request(method, f"{self.url}/api/v1{path}", timeout=30, **kwargs)

    def rows(self, path: str, **params: str) -> Iterator[dict[str, Any]]:
        """All of a list, page by page."""
        params = {"limit": "200", **params}
        while True:
            page = self.call("GET", path, params=params)
            assert page.ok, page.text
            yield from page.json()["results"]
            if not page.json()["next"]:
                return
            params = dict(parse_qsl(urlsplit(page.json()["next"]).query))

    def fault(self, **fault: Any) -> None:
        answer = requests.post(f"{self.sandbox}/faults", json=fault, timeout=30)
        assert answer.ok, answer.text

    def order(self, what: str, **order: Any) -> Any:
        """Have the sandbox play a phone, a pace, callbacks, or a caller."""
        answer = requests.post(f"{self.sandbox}/{what}", json=order, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def shown(self, what: str) -> Any:
        """What the sandbox shows: effects, webhooks."""
        return requests.get(f"{self.sandbox}/{what}", timeout=30).json()

    def heal(self) -> None:
        requests.delete(f"{self.sandbox}/faults", timeout=5)

    def arrived(self, provider: str = "vapi") -> list[dict[str, Any]]:
        found = requests.get(f"{self.sandbox}/requests", params={"provider": provider}, timeout=5)
        return list(found.json()["requests"])

    def await_arrival(self, method: str) -> None:
        """Wait until a request of this method has reached Vapi."""
        give_up = time.monotonic() + _START_SECONDS
        while not any(request["method"] == method for request in self.arrived()):
            assert time.monotonic() < give_up, f"no {method} arrived"

    def traffic(self, provider: str = "vapi") -> dict[str, Any]:
        found = requests.get(f"{self.sandbox}/requests", params={"provider": provider}, timeout=5)
        return dict(found.json())

    def forget_requests(self) -> None:
        requests.delete(f"{self.sandbox}/requests", timeout=5)
