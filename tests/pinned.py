"""Requests to one worker of several: the kernel deals new connections out to all of them."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from tests.server import RunningAva, until


@contextmanager
def only(ava: RunningAva, pid: int) -> Iterator[requests.Session]:
    """A session, logged in if AVA's is, whose every connection is with this worker."""
    with requests.Session() as session:
        session.headers.update(ava.session.headers)
        session.mount("http://", _Adapter(pid))
        yield session


class _Adapter(HTTPAdapter):
    def __init__(self, pid: int) -> None:
        self._pid = pid
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        pid = self._pid

        class Connection(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                while True:
                    found = super()._new_conn()
                    if _holder(found) == pid:
                        return found
                    found.close()

        class Pool(HTTPConnectionPool):
            ConnectionCls = Connection  # type: ignore[assignment]

        self.poolmanager.pool_classes_by_scheme = {"http": Pool}


def _holder(connection: socket.socket) -> int | None:
    """The process that has accepted this connection of ours, once one has."""
    inode = 0

    def accepted() -> bool:
        nonlocal inode
        inode = _inode(connection.getpeername()[1], connection.getsockname()[1])
        return inode > 0

    until(accepted)
    for entry in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(entry) == f"socket:[{inode}]":
                return int(entry.parts[2])
        except OSError:
            continue
    return None


def _inode(local: int, remote: int) -> int:
    """Inode of the other end's socket; 0 while no process has accepted it."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[1].endswith(f":{local:04X}") and words[2].endswith(f":{remote:04X}"):
            return int(words[9])
    return 0
