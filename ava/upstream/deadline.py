"""Deadline: a hard end for work on sockets.

A socket's time-out starts anew with every byte that arrives, so a response that drips never ends.
Here one daemon thread shuts the socket down at the deadline, whatever phase the work is in: TLS
handshake, request, headers or body. The blocked thread wakes up with an end of file.

What it cannot end is a DNS lookup: `getaddrinfo` is one blocking call without a socket of ours
(docs/adr/0001).
"""

import heapq
import itertools
import math
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Deadline:
    """One operation's deadline, and the socket it uses at the moment.

    Args:
        seconds: from now.

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
        self._due: list[tuple[float, int, Deadline]] = []
        self._numbers = itertools.count()
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
            self._drop_finished(2)
            heapq.heappush(self._due, (deadline.at, next(self._numbers), deadline))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            elif deadline.at < self._wakes_at:
                self._changed.notify()

    def _drop_finished(self, most: int) -> None:
        for _ in range(most):
            if not self._due or not self._due[0][2].finished:
                return
            heapq.heappop(self._due)

    def _run(self) -> None:
        while True:
            self._next().expire()

    def _next(self) -> Deadline:
        """Sleep until a deadline is due. Woken only for one that ends before all others."""
        with self._changed:
            while True:
                at = self._due[0][0] if self._due else math.inf
                wait = at - time.monotonic()
                if wait <= 0:
                    return heapq.heappop(self._due)[2]
                self._wakes_at = at
                self._changed.wait(min(wait, threading.TIMEOUT_MAX))


watchdog = Watchdog()
