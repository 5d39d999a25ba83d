"""Connections: urllib3's, with a deadline on every socket and every use counted."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import allowed_gai_family

from ava.upstream.deadline import Deadline


class Attempt:
    """One attempt at one request, as far as its connection can tell.

    Attributes:
        deadline: the operation's deadline.
        opened, reused: connections.
        connecting: a new connection was needed.
        sent: some byte of the request may have left.
        answered: the response's head has arrived.
    """

    def __init__(self, deadline: Deadline) -> None:
        self.deadline = deadline
        self.opened = 0
        self.reused = 0
        self.connecting = False
        self.sent = False
        self.answered = False

    @property
    def unsent(self) -> bool:
        """Certainly nothing left: it failed while connecting."""
        return self.connecting and not self.sent

    @property
    def stale(self) -> bool:
        """A kept connection gave nothing back."""
        return self.reused > 0 and not self.answered


# urllib3 makes connections deep inside; this is how they learn whom they work for.
_attempt: ContextVar[Attempt] = ContextVar("attempt")


@contextmanager
def attempting(deadline: Deadline) -> Iterator[Attempt]:
    """Let the connections used in the block work for one attempt."""
    attempt = Attempt(deadline)
    token = _attempt.set(attempt)
    try:
        yield attempt
    finally:
        _attempt.reset(token)


class WatchedConnection(HTTPConnection):
    """A connection that ends at its attempt's deadline."""

    _used = False

    def _new_conn(self) -> socket.socket:
        attempt = _attempt.get()
        attempt.connecting = True
        sock = self._connect_within(attempt.deadline)
        attempt.opened += 1
        self._used = False
        # Before TLS: a handshake may drip, too.
        attempt.deadline.hold(sock)
        return sock

    def _connect_within(self, deadline: Deadline) -> socket.socket:
        """Try each address of the host, all of them together within the deadline."""
        try:
            addresses = socket.getaddrinfo(
                self._dns_host.strip("[]"), self.port, allowed_gai_family(), socket.SOCK_STREAM
            )
        except (OSError, UnicodeError) as exc:
            raise NameResolutionError(self.host, self, socket.gaierror(str(exc))) from exc
        failure: OSError = OSError("the name has no address")
        for family, kind, protocol, _, address in addresses:
            seconds = min(self.timeout or 0.0, deadline.left())
            if seconds <= 0:
                raise ConnectTimeoutError(self, "the deadline has passed")
            try:
                return self._connect(family, kind, protocol, address, seconds)
            except OSError as exc:
                failure = exc
        if isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(self, "no address answered in time") from failure
        raise NewConnectionError(self, "no address could be connected") from failure

    def _connect(
        self, family: int, kind: int, protocol: int, address: Any, seconds: float
    ) -> socket.socket:
        sock = socket.socket(family, kind, protocol)
        try:
            for option in self.socket_options or ():
                sock.setsockopt(*option)
            sock.settimeout(seconds)
            sock.connect(address)
        except BaseException:
            sock.close()
            raise
        return sock

    def request(self, *args: Any, **kwargs: Any) -> None:
        attempt = _attempt.get()
        if self.sock is not None:
            attempt.deadline.hold(self.sock)
            attempt.reused += self._used
        super().request(*args, **kwargs)
        self._used = True

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _attempt.get().sent = True
        super().send(data)

    def getresponse(self) -> Any:  # urllib3's response, which is not http.client's
        response = super().getresponse()
        _attempt.get().answered = True
        return response


class WatchedTLSConnection(WatchedConnection, HTTPSConnection):
    """The same over TLS; the watched socket is the one below it."""


class WatchedPool(HTTPConnectionPool):
    ConnectionCls = WatchedConnection

    def _put_conn(self, conn: Any) -> None:
        # From here on the connection may be another thread's: this deadline must not end it.
        _attempt.get().deadline.let_go()
        super()._put_conn(conn)


class WatchedTLSPool(WatchedPool, HTTPSConnectionPool):
    ConnectionCls = WatchedTLSConnection


class WatchedAdapter(HTTPAdapter):
    """requests' adapter over watched pools."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": WatchedPool, "https": WatchedTLSPool}
