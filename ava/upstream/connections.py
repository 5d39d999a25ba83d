"""Connections to providers: urllib3's, each counted, each ended at its operation's deadline.

A socket's time-out starts anew with every byte that arrives, so a response that drips never ends.
Here one daemon thread shuts the socket down at the deadline, whatever phase the work is in: TLS
handshake, request, headers or body. The blocked thread wakes up with an end of file.

What it cannot end is a DNS lookup: `getaddrinfo` is one blocking call without a socket of ours
(docs/adr/0001).
"""

import heapq
import math
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import allowed_gai_family

from ava.upstream.metrics import CONNECTIONS_OPENED, CONNECTIONS_REUSED
from ava.upstream.service import Service


class Deadline:
    """One operation's deadline, and the socket it uses at the moment.

    Attributes:
        cut: the watchdog has ended it.
        finished: the work was over first.
    """

    def __init__(self, seconds: float) -> None:
        self.at = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._handle: socket.socket | None = None
        self.cut = False
        self.finished = False

    def __lt__(self, other: "Deadline") -> bool:
        return self.at < other.at

    @property
    def expired(self) -> bool:
        return self.cut or self.left() <= 0

    def left(self) -> float:
        """Seconds left; 0 when it is over."""
        return max(0.0, self.at - time.monotonic())

    def hold(self, sock: socket.socket) -> None:
        """Shut this socket down at the deadline, in place of any held before.

        This keeps a descriptor of its own: the connection may close its own early (http.client does
        while a body is still being read), and the number may then belong to another socket.
        """
        handle = socket.socket(sock.family, sock.type, sock.proto, os.dup(sock.fileno()))
        with self._lock:
            old, self._handle = self._handle, handle
            if self.cut:
                _shut_down(handle)
        if old is not None:
            old.close()

    def let_go(self) -> None:
        """Hold no socket any more. After this returns, none is touched."""
        with self._lock:
            handle, self._handle = self._handle, None
        if handle is not None:
            handle.close()

    def finish(self) -> None:
        """The work is over."""
        self.finished = True
        self.let_go()

    def expire(self) -> None:
        """The deadline has come (the watchdog calls this)."""
        with self._lock:
            if self.finished:
                return
            self.cut = True
            if self._handle is not None:
                _shut_down(self._handle)


def _shut_down(handle: socket.socket) -> None:
    with suppress(OSError):  # the peer was faster
        handle.shutdown(socket.SHUT_RDWR)


class Watchdog:
    """The thread that expires deadlines. It starts with the first, and again after a fork."""

    def __init__(self) -> None:
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._due: list[Deadline] = []  # a heap
        self._thread: threading.Thread | None = None
        self._wakes_at = math.inf

    @contextmanager
    def watching(self, seconds: float) -> Iterator[Deadline]:
        """A deadline over the block. Afterwards it holds no socket and never expires."""
        deadline = Deadline(seconds)
        self._add(deadline)
        try:
            yield deadline
        finally:
            deadline.finish()

    def _add(self, deadline: Deadline) -> None:
        with self._changed:
            # Two out for one in keeps the heap as small as what is going on.
            for _ in range(2):
                if self._due and self._due[0].finished:
                    heapq.heappop(self._due)
            heapq.heappush(self._due, deadline)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            elif deadline.at < self._wakes_at:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            self._next().expire()

    def _next(self) -> Deadline:
        """Sleep until a deadline is due. Woken only for one that ends before all others."""
        with self._changed:
            while True:
                at = self._due[0].at if self._due else math.inf
                wait = at - time.monotonic()
                if wait <= 0:
                    return heapq.heappop(self._due)
                self._wakes_at = at
                self._changed.wait(min(wait, threading.TIMEOUT_MAX))


watchdog = Watchdog()


class Attempt:
    """One attempt at one request, as far as its connection can tell."""

    def __init__(self, service: Service, deadline: Deadline) -> None:
        self.service = service.label
        self.deadline = deadline
        self.connecting = False  # a new connection was needed
        self.reused = False  # a kept connection was taken
        self.sent = False  # some byte of the request may have left
        self.answered = False  # the response's head has arrived

    @property
    def unsent(self) -> bool:
        """Certainly nothing left: it failed while connecting."""
        return self.connecting and not self.sent

    @property
    def stale(self) -> bool:
        """A kept connection gave nothing back."""
        return self.reused and not self.answered


# urllib3 makes connections deep inside; this is how they learn whom they work for.
_attempt: ContextVar[Attempt] = ContextVar("attempt")


@contextmanager
def attempting(service: Service, deadline: Deadline) -> Iterator[Attempt]:
    """Let the connections used in the block work for one attempt."""
    attempt = Attempt(service, deadline)
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
        CONNECTIONS_OPENED.labels(attempt.service).inc()
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
            if self._used:
                attempt.reused = True
                CONNECTIONS_REUSED.labels(attempt.service).inc()
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
