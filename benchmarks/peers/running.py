"""AVA, its peers and their Vapi, each in a process on a core of its own, and what it uses."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import jwt
import requests

from ava.conf.env import BASE_DIR
from tests.ports import free_port
from tests.redis import RedisServer
from tests.server import PASSWORD, RunningAva

ENVIRONMENT = BASE_DIR / ".venv-bench"
INSTALL = (
    "python3 -m venv .venv-bench && "
    ".venv-bench/bin/python -m pip install --require-hashes -r requirements-bench.txt"
)
PER_MINUTE = "1000000"
SECRET = "a secret of the peers, which protects nothing"
TOKENS = 20
SERVES, LOADS = 0, 1
"""The core of all that serve, in turns; that of Vapi, Redis and the load generator."""
TICKS = os.sysconf("SC_CLK_TCK")
_START_SECONDS = 60


@dataclass(frozen=True)
class Served:
    """One that answers the same requests as the others.

    Attributes:
        tokens: of sessions of the same user.
    """

    url: str
    pid: int
    tokens: tuple[str, ...]

    def processor_seconds(self) -> float:
        """Processor time of its processes until now."""
        return sum(_ticks(pid) for pid in family(self.pid)) / TICKS


def is_installed() -> bool:
    """Whether the peers' packages and the load generator are."""
    return (ENVIRONMENT / "bin" / "k9").exists()


@contextmanager
def on_core(number: int) -> Iterator[None]:
    """Have processes that are started in the block run on this core only, where the system can."""
    if not hasattr(os, "sched_setaffinity") or (os.cpu_count() or 1) < 2:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(before)[number % len(before)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def vapi() -> Iterator[str]:
    """URL of a Vapi that answers at once."""
    port = free_port()
    command = [*_peer_python(), "benchmarks.peers.upstream", str(port)]
    with _process(command, {}, LOADS, f"http://127.0.0.1:{port}/count"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def everyone(directory: Path, upstream: str, redis: RedisServer) -> Iterator[dict[str, Served]]:
    """AVA and its peers, with memory and with Redis, and Django's floor."""
    with ExitStack() as stack:
        found = {"Django's floor": stack.enter_context(_floor())}
        for where, url in (("memory", ""), ("Redis", redis.url)):
            for name, module in (("plain FastAPI", "described"), ("strong FastAPI", "strong")):
                found[f"{name}, {where}"] = stack.enter_context(_peer(module, upstream, url))
            ava = _ava(directory / where, upstream, url)
            found[f"AVA, {where}"] = stack.enter_context(ava)
        yield found


@contextmanager
def _ava(directory: Path, upstream: str, redis: str) -> Iterator[Served]:
    ava = RunningAva(
        directory,
        AVA_SANDBOX="0",
        VAPI_BASE_URL=upstream,
        RATE_LIMIT_PER_MINUTE=PER_MINUTE,
        REDIS_URL=redis,
    )
    with on_core(SERVES):
        ava.start()
    try:
        tokens = tuple(_token(ava.url) for _ in range(TOKENS))
        yield Served(ava.url, ava.process.pid, tokens)
    finally:
        ava.stop()


def _token(url: str) -> str:
    login = {"identifier": "demo@example.com", "password": PASSWORD}
    answer = requests.post(f"{url}/api/v1/auth/login", json=login, timeout=30)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


@contextmanager
def _peer(module: str, upstream: str, redis: str) -> Iterator[Served]:
    port = free_port()
    command = [
        *(*_peer_python(), "uvicorn", f"benchmarks.peers.{module}:app", "--port", str(port)),
        *("--no-access-log", "--log-level", "error"),
    ]
    # Its clients wait for Redis as long as they like, as they do by default.
    environment = {"PEER_UPSTREAM": upstream, "PEER_REDIS": redis.partition("?")[0]}
    with _serving(command, environment, port) as served:
        yield served


@contextmanager
def _floor() -> Iterator[Served]:
    port = free_port()
    command = [
        *(sys.executable, "-m", "granian", "benchmarks.peers.floor:application"),
        *("--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "1", "--blocking-threads", "8", "--log-level", "error"),
    ]
    with _serving(command, {"PEER_UPSTREAM": ""}, port) as served:
        yield served


@contextmanager
def _serving(command: list[str], environment: dict[str, str], port: int) -> Iterator[Served]:
    url = f"http://127.0.0.1:{port}"
    environment = {**environment, "PEER_SECRET": SECRET}
    with _process(command, environment, SERVES, f"{url}/healthz") as pid:
        claims = {"sub": "1", "exp": int(time.time()) + 86_400}
        sessions = (str(number) for number in range(TOKENS))
        yield Served(
            url,
            pid,
            tuple(jwt.encode({**claims, "sid": session}, SECRET) for session in sessions),
        )


@contextmanager
def _process(
    command: list[str], environment: dict[str, str], core: int, probe: str
) -> Iterator[int]:
    """Its process id, once it answers there."""
    with tempfile.TemporaryFile() as log:
        with on_core(core):
            process = subprocess.Popen(
                command,
                cwd=BASE_DIR,
                env={"PATH": os.environ["PATH"], **environment},
                # Log lines are written, as AVA's are.
                stderr=log,
            )
        try:
            give_up = time.monotonic() + _START_SECONDS
            while not _answers(probe):
                if process.poll() is not None or time.monotonic() > give_up:
                    log.seek(0)
                    raise AssertionError(f"{command} did not start: {log.read().decode()}")
                time.sleep(0.05)
            yield process.pid
        finally:
            process.terminate()
            process.wait()


def _peer_python() -> tuple[str, str]:
    return str(ENVIRONMENT / "bin" / "python"), "-m"


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=1).ok
    except requests.RequestException:
        return False


def family(pid: int) -> Iterator[int]:
    """The process and all that it started."""
    yield pid
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in listed.read_text().split():
            yield from family(int(child))


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
