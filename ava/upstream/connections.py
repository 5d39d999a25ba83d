"""Connections to providers: urllib3's, each counted, each ended at its operation's deadline.

A socket's time-out restarts with every byte that arrives. So every read and write is bounded by
what is left of the deadline: TLS handshake, request, headers and body (docs/adr/0015). What it
cannot end is a DNS lookup: `getaddrinfo` is one blocking call without a socket of ours.
"""

import io
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPResponse
from ssl import SSLCertVerificationError, SSLSocket
from typing import Any, cast

from requests.adapters import HTTPAdapter
from requests.exceptions import ProxyError
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
)
from urllib3.util.connection import allowed_gai_family

from ava.conf import egress
from ava.upstream.metrics import CONNECTIONS_OPENED, CONNECTIONS_REUSED
from ava.upstream.policy import Service

_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")

# One write of a TLS socket; its time-out is that of a whole write.
PART = 16 * 1024


class Deadline:
    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    @property
    def expired(self) -> bool:
        return self.left() <= 0

    def left(self) -> float:
        return max(0.0, self._at - time.monotonic())

    def bound(self, sock: socket.socket) -> None:
        """Bound a socket's next read, write or handshake by the time left. Raises: TimeoutError."""
        left = self.left()
        if not left:
            raise TimeoutError("the deadline has passed")
        sock.settimeout(left)

    def reader(self, sock: socket.socket) -> io.BufferedReader:
        """A file of what arrives at a socket until the deadline."""
        return io.BufferedReader(_BoundedReads(sock, self))


class _BoundedReads(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._deadline.bound(self._sock)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


@dataclass
class Attempt:
    """One attempt at one request, as far as its connection can tell."""

    service: str
    deadline: Deadline
    connecting: bool = False  # a new connection was needed
    reused: bool = False  # a kept connection was taken
    sent: bool = False  # some byte of the request may have left
    answered: bool = False  # the response's head has arrived

    @property
    def unsent(self) -> bool:
        """Certainly nothing left: it failed while connecting."""
        return self.connecting and not self.sent

    @property
    def stale(self) -> bool:
        """A kept connection gave nothing back."""
        return self.reused and not self.answered


# The attempt of a new connection, which urllib3 makes deep inside.
_attempt: ContextVar[Attempt] = ContextVar("attempt")


@contextmanager
def attempting(service: Service, deadline: Deadline) -> Iterator[Attempt]:
    """Bind the connections used in the block to one attempt."""
    attempt = Attempt(service.label, deadline)
    token = _attempt.set(attempt)
    try:
        yield attempt
    finally:
        _attempt.reset(token)


class BoundedConnection(HTTPConnection):
    _used = False

    def _new_conn(self) -> socket.socket:
        attempt = _attempt.get()
        attempt.connecting = True
        sock = self._connect_within(attempt.deadline)
        CONNECTIONS_OPENED.labels(attempt.service).inc()
        self._used = False
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
            # For a TLS handshake, which may drip, too.
            _attempt.get().deadline.bound(sock)
        except BaseException:
            sock.close()
            raise
        return sock

    def connect(self) -> None:
        try:
            super().connect()
        finally:
            _attempt.get().sent = False  # what a proxy was asked is not the request

    def request(self, *args: Any, **kwargs: Any) -> None:
        attempt = _attempt.get()
        if self.sock is not None and self._used:
            attempt.reused = True
            CONNECTIONS_REUSED.labels(attempt.service).inc()
        super().request(*args, **kwargs)
        self._used = True

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        attempt = _attempt.get()
        attempt.sent = True
        parts = [data]
        if isinstance(data, bytes):
            parts = [data[start : start + PART] for start in range(0, len(data), PART)]
        for part in parts:
            attempt.deadline.bound(self.sock)
            super().send(part)

    # http.client calls it, and nothing else.
    def response_class(  # type: ignore[override]
        self, sock: socket.socket, **options: Any
    ) -> HTTPResponse:
        response = HTTPResponse(sock, **options)
        response.fp.close()
        response.fp = _attempt.get().deadline.reader(sock)
        return response

    def getresponse(self) -> Any:  # urllib3's response, which is not http.client's
        response = super().getresponse()
        _attempt.get().answered = True
        if response.status < HTTPStatus.OK:
            # http.client skips 100 alone: the real answer would be read by the next caller.
            self.close()
            raise ProtocolError("interim answer")
        return response


class BoundedTLSConnection(BoundedConnection, HTTPSConnection):
    @property
    def is_connected(self) -> bool:
        # What came beyond the last answer may lie in TLS' buffer, where no poll sees it.
        return super().is_connected and not cast(SSLSocket, self.sock).pending()


class BoundedPool(HTTPConnectionPool):
    ConnectionCls = BoundedConnection


class BoundedTLSPool(HTTPSConnectionPool):
    ConnectionCls = BoundedTLSConnection


_POOLS = {"http": BoundedPool, "https": BoundedTLSPool}


class BoundedAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


def refusal_of(way: egress.Route, status: int | str) -> str:
    return f"the proxy of {way.setting} refused ({status})"


def cause_of(
    exc: BaseException, late: bool, way: egress.Route, outer: BaseException | None = None
) -> str:
    """A failure in words that name the setting to look at, where one may be the reason.

    Args:
        outer: what was handled when the attempt began. Python makes it the context of all that is
            raised then: it is another failure, and its own chain may lead around in a circle.
    """
    inner: BaseException | None = exc
    while inner is not None and inner is not outer:
        if isinstance(inner, SSLCertVerificationError):
            return f"certificate refused ({inner.verify_message}), see REQUESTS_CA_BUNDLE"
        if way.setting and (refusal := _TUNNEL.match(str(inner))):
            return refusal_of(way, refusal[1])
        wrapped = next((one for one in inner.args if isinstance(one, BaseException)), None)
        inner = inner.__cause__ or inner.__context__ or wrapped
    if way.setting and isinstance(exc, ProxyError):
        return f"the proxy of {way.setting} could not be reached"
    if late:
        return f"deadline, over the proxy of {way.setting}" if way.setting else "deadline"
    return _name(exc)


def _name(exc: BaseException) -> str:
    """The kind of failure, from inside urllib3's wrapping; its text may hold a URL."""
    wrapped = exc.args[0] if exc.args else None
    return type(getattr(wrapped, "reason", None) or exc).__name__
