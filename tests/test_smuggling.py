"""Smuggled requests: nothing reaches AVA that the proxy in front of it has not seen."""

import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from tests import nginx, smuggling
from tests.ports import free_port, is_free
from tests.server import RunningAva, until

pytestmark = pytest.mark.slow

LOGIN = "/api/v1/auth/login"
CADDY = """
{
    admin off
    auto_https off
    persist_config off
}
http://127.0.0.1:%d {
    bind 127.0.0.1
    reverse_proxy 127.0.0.1:%d {
        header_up X-Correlation-ID {http.request.uuid}
    }
}
"""
# As infrastructure/nginx/ava.conf has it: connections to AVA are kept.
NGINX = """
    location / {
        proxy_pass http://127.0.0.1:%d;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header X-Correlation-ID $request_id;
    }
"""


@pytest.fixture(scope="module")
def ava(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAva]:
    with RunningAva(tmp_path_factory.mktemp("var"), AVA_TRUSTED_PROXIES="1") as running:
        yield running


@contextmanager
def caddy(directory: Path, behind: int) -> Iterator[int]:
    port = free_port()
    file = directory / "Caddyfile"
    file.write_text(CADDY % (port, behind))
    program = Path(sys.executable).parent / "caddy"
    with subprocess.Popen(
        [program, "run", "--config", file, "--adapter", "caddyfile"],
        stderr=subprocess.DEVNULL,
        env={"HOME": str(directory)},
    ) as process:
        until(lambda: not is_free(port))
        yield port
        process.terminate()


@pytest.fixture(scope="module", params=["caddy", pytest.param("nginx", marks=nginx.needed)])
def port(
    request: pytest.FixtureRequest, ava: RunningAva, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """A proxy that gives each request that it sees a correlation ID of its own."""
    if request.param == "caddy":
        with caddy(tmp_path_factory.mktemp("caddy"), ava.port) as found:
            yield found
    else:
        with nginx.Nginx(NGINX % ava.port) as proxy:
            yield proxy.port


def send(port: int, shape: str) -> str:
    """Send this, and what hides behind it: its correlation ID."""
    known_as = str(uuid.uuid4())
    second = f"GET /api/v1/auth/me HTTP/1.1\r\nHost: a\r\nX-Correlation-ID: {known_as}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(smuggling.request(LOGIN, shape, second.encode()))
        client.shutdown(socket.SHUT_WR)
        with suppress(TimeoutError, ConnectionResetError):
            while client.recv(65536):
                pass
    return known_as


@pytest.mark.parametrize("shape", [*smuggling.REFUSED, *smuggling.CHUNKED, *smuggling.HIDDEN])
def test_no_request_that_the_proxy_has_not_seen_reaches_ava(
    ava: RunningAva, port: int, shape: str
) -> None:
    hidden = send(port, shape)
    # One that came later is in the log, so that this would be, too.
    later = str(uuid.uuid4())
    requests.get(f"{ava.url}/api/v1/auth/me", headers={"X-Correlation-ID": later}, timeout=10)
    until(lambda: later in ava.output())
    assert hidden not in ava.output()
