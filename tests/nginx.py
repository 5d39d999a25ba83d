"""A real nginx in front of AVA, for tests."""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
import requests

from tests.ports import free_port

INSTALL = "apt-get install -y --no-install-recommends nginx-light"
_NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
_START_SECONDS = 20
_CONFIG = """
pid {directory}/pid;
daemon off;
master_process off;
error_log stderr;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    client_max_body_size 9m;
    server {{
        listen 127.0.0.1:{port};
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        {server}
    }}
}}
"""

needed = pytest.mark.skipif(_NGINX is None, reason=f"no nginx here: {INSTALL}")


class Nginx:
    """One server on a free port.

    Args:
        server: what stands in its block beside the headers that AVA asks of a proxy.
    """

    def __init__(self, server: str, *, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._server = server

    def __enter__(self) -> Self:
        assert _NGINX is not None
        self._directory = tempfile.TemporaryDirectory(prefix="ava-nginx-")
        directory = Path(self._directory.name)
        config = directory / "nginx.conf"
        config.write_text(_CONFIG.format(directory=directory, port=self.port, server=self._server))
        self._process = subprocess.Popen(
            [_NGINX, "-p", directory, "-c", config, "-e", "stderr"], stderr=subprocess.PIPE
        )
        give_up = time.monotonic() + _START_SECONDS
        while True:
            try:
                requests.get(self.url, timeout=5, allow_redirects=False)
            except requests.ConnectionError:
                assert self._process.poll() is None, self._process.communicate()[1]
                assert time.monotonic() < give_up
                time.sleep(0.02)
            else:
                return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.communicate()
        self._directory.cleanup()
