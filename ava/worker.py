"""gunicorn's threaded worker, made safe against clients that are slow on purpose.

gthread lends a thread to a connection until its request has been read and the answer taken, however
long that takes: as many half-sent requests as there are threads would stop AVA, without a login.
Here reading a request has an end, and a client that sends nothing or never closes costs no thread
of its own. Between requests gunicorn polls kept-alive connections without a thread.
"""

import errno
import json
import math
import selectors
import socket
import time
from collections import deque
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django.utils import timezone
from gunicorn.glogging import Logger as GunicornLogger
from gunicorn.http.errors import NoMoreData, ParseException
from gunicorn.http.message import Request as GunicornRequest
from gunicorn.http.parser import RequestParser
from gunicorn.http.unreader import SocketUnreader
from gunicorn.util import close_graceful
from gunicorn.workers.gthread import TConn, ThreadWorker

from ava import arrival, correlation, scrape, startup
from ava.pace import DELAY, Outlet, Pacer
from ava.problems import CONTENT_TYPE, MalformedRequest, Problem

log = structlog.get_logger("ava.worker")

HEAD_SECONDS = 10.0
BODY_SECONDS = 30.0
# One write of an answer, or the next piece of a file.
SEND_SECONDS = 30.0
# gunicorn reads less than this away of a body that was left, before the next request.
DISCARD_BYTES = 64 * 1024
# How long a client may take to close, so that the end of its answer is not lost.
LINGER_SECONDS = 0.5
# What it may still be sending then. What nobody takes resets the connection, answer and all.
LINGER_BYTES = 4 * 1024 * 1024


class Reader(SocketUnreader):
    """What gunicorn reads a request through. After `due` it takes what is here, but never waits.

    A request that waited for a thread is therefore served, however late.

    Attributes:
        due: on the monotonic clock.
        cut: a read came to its end; the connection is of no further use.
    """

    due = math.inf
    cut = False

    def chunk(self, *size_hint: Any) -> bytes:
        """The next bytes.

        Raises:
            NoMoreData: none came in time, just as if the client had gone.
        """
        patience = self.sock.gettimeout()
        left = max(0.0, self.due - time.monotonic())
        self.sock.settimeout(left if patience is None else min(patience, left))
        try:
            return bytes(super().chunk(*size_hint))
        except (TimeoutError, BlockingIOError) as fault:
            self.cut = True
            raise NoMoreData from fault
        finally:
            self.sock.settimeout(patience)


class Request(GunicornRequest):
    """A request whose connection ends where its body is left: the next one would begin behind it,
    and gunicorn reads little of it away. Asked before the head of the answer is sent."""

    def should_close(self) -> bool:
        """Whether the connection ends with the answer."""
        if self._is_left():
            self.force_close()
        return bool(super().should_close())

    def _is_left(self) -> bool:
        body: Any = self.body
        if body.failed:
            return True
        length = getattr(body.reader, "length", None)
        if length is None:  # It comes in chunks.
            return getattr(body.reader, "parser", None) is not None
        return bool(length >= DISCARD_BYTES)


class Parser(RequestParser):
    """gunicorn's, for our own kind of request."""

    mesg_class = Request


class Connection(TConn):
    """A client's connection.

    Attributes:
        kept: an answer that is sent a moment later.
        asked: when its latest request began to arrive.
    """

    kept = b""
    asked: datetime

    def __init__(self, cfg: Any, sock: socket.socket, client: Any, server: Any) -> None:
        super().__init__(cfg, sock, client, server)
        self.reader = Reader(sock)
        self.parser = Parser(cfg, sock, client)
        self.parser.unreader = self.reader

    def wait_for_data(self, timeout: float | None) -> bool:
        """Whether the client has sent something. A silent one waits in the poller at once."""
        return bool(super().wait_for_data(0))

    def close(self, graceful: bool = False) -> None:
        """Close it, unless it is closed already."""
        if self.sock.fileno() < 0:
            return
        if graceful:
            close_graceful(self.sock, timeout=LINGER_SECONDS, max_drain=LINGER_BYTES)
        else:
            super().close()


class Worker(ThreadWorker):
    """The worker class that `ava.serve` runs.

    Attributes:
        slot: its number among the workers; see `ava.slots`.
    """

    slot = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pacer = Pacer()
        # Connections whose answer is kept back: when it is sent, in order.
        self.held: deque[tuple[float, Connection, bool]] = deque()

    def notify(self) -> None:
        """Tell the arbiter that we live, about once a second."""
        super().notify()
        scrape.sample_now_and_then()

    def run(self) -> None:
        """Serve, with this process' share of the background work beside it."""
        from django.db import connections  # the apps are loaded by now

        from ava.jobs import loop
        from ava.upstream.attendant import Attendant

        startup.run()
        connections.close_all()  # this thread asks the database nothing more
        attendant = Attendant()
        attendant.start()
        loop.start()
        try:
            super().run()
        finally:
            attendant.stop()
            loop.stop()

    def accept(self, listener: Any) -> None:
        """gthread's, with our own kind of connection. It takes a thread when there is a request."""
        with suppress(BlockingIOError, ConnectionAbortedError):
            sock, client = listener.accept()
            self.nr_conns += 1
            conn = Connection(self.cfg, sock, client, listener.getsockname())
            conn.set_timeout()
            self.pending_conns.append(conn)
            readable = partial(self.on_pending_socket_readable, conn)
            self.poller.register(sock, selectors.EVENT_READ, readable)

    def finish_request(self, conn: Any, fs: Any) -> None:
        """gthread's, in the accepting thread; a kept answer goes first."""
        if conn.kept:
            self.held.append((time.monotonic() + DELAY, conn, fs.result()))
        else:
            super().finish_request(conn, fs)

    def wait_for_and_dispatch_events(self, timeout: float | None) -> None:
        """gthread's, which also sends the answers that were kept long enough."""
        if self.held:
            due = max(0.0, self.held[0][0] - time.monotonic())
            timeout = due if timeout is None else min(timeout, due)
        super().wait_for_and_dispatch_events(timeout)
        while self.held and (self.held[0][0] <= time.monotonic() or not self.alive):
            _, conn, stays = self.held.popleft()
            sent = self.tpool.submit(self._send_kept, conn, stays)
            finish = partial(self.method_queue.defer, self.finish_request, conn)
            sent.add_done_callback(finish)

    @staticmethod
    def _send_kept(conn: Connection, stays: bool) -> bool:
        answer, conn.kept = conn.kept, b""
        try:
            conn.sock.settimeout(SEND_SECONDS)
            conn.sock.sendall(answer)
        except OSError:
            stays = False  # The client has gone.
        if not stays:
            conn.close(graceful=True)
        return stays

    def enqueue_req(self, conn: Any) -> None:
        """The time for a head runs from here on; waiting for a thread is part of it."""
        conn.asked = timezone.now()
        conn.reader.due = time.monotonic() + HEAD_SECONDS
        super().enqueue_req(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """The head is read: the time for the body starts. What the view takes is its own affair."""
        conn.reader.due = time.monotonic() + BODY_SECONDS
        sock = conn.sock
        sock.settimeout(SEND_SECONDS)
        conn.sock = outlet = Outlet(sock, lambda: self.pacer.delay(str(conn.client[0])))
        try:
            return super().handle_request(req, conn)
        except TimeoutError as fault:
            raise BrokenPipeError(errno.EPIPE, "the client does not read its answer") from fault
        finally:
            conn.sock, conn.kept = sock, outlet.kept

    def handle(self, conn: Any) -> Any:
        """Serve one request. True-ish when the connection stays."""
        with arrival.at(conn.asked):
            stays = super().handle(conn)
        if not stays and not conn.kept:
            # gthread would wait for the client's end in its one accepting thread.
            conn.close(graceful=not conn.reader.cut)
        return stays

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Answer what is no HTTP as AVA answers everything: problem+json under an ID, and nothing
        of what was sent, in the answer or in the log."""
        unreadable = isinstance(exc, ParseException)
        problem = MalformedRequest("The request could not be read.") if unreadable else Problem()
        with correlation.bind(correlation.new()):
            log.warning("request not read", cause=type(exc).__name__, status=int(problem.status))
            body = json.dumps(problem.body()).encode()
            head = (
                f"HTTP/1.1 {int(problem.status)} {problem.title}\r\n"
                f"Content-Type: {CONTENT_TYPE}\r\nContent-Length: {len(body)}\r\n"
                f"{correlation.HEADER}: {correlation.current()}\r\nConnection: close\r\n\r\n"
            )
        with suppress(OSError):  # whoever sends such things need not wait for the answer
            client.sendall(head.encode() + body)


class Logger(GunicornLogger):
    """gunicorn's own lines, written as all others are."""

    def setup(self, cfg: Any) -> None:
        """Leave the writing to `ava.logs`."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
