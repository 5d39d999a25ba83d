"""Redis as AVA uses it: one short attempt, and out of the way while it is lost.

redis-py by default tries ten times and waits seconds. A request must not: whoever meets a Redis
that refuses, is silent, or cannot be written to learns it within `PATIENCE`, and from then on
everybody is told at once, without a packet, until a thread in the background has found it again.
"""

import contextlib
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import redis
import structlog
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError
from redis.retry import Retry

log = structlog.get_logger("ava.fleet")

PATIENCE = 0.035
"""Seconds for one command, connecting included only in part: the worst is a little more."""

GRACE = 0.01
"""Seconds more, asked for only then. Where the whole machine stood still for a while, this process
wakes with its time over while Redis had none to answer."""

KNOCK_SECONDS = 0.1
"""How often a lost Redis is tried again, by one thread for the whole process."""

MOST_OWED = 10_000
"""Commands kept for a lost Redis; of more, the oldest are forgotten."""

_KNOCK = "ava:knock"

Argument = str | bytes | int | float


class FleetLost(Exception):
    """Redis cannot be reached now. What it was asked may or may not have been done."""


class Script:
    """A Lua script: atomic in Redis. Every key it touches is in KEYS.

    Args:
        source: the script's text; integers, strings and lists come back.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()


_Command = tuple[Script, tuple[str, ...], tuple[Argument, ...]]


class Link:
    """One process' connections to one Redis, opened as they are needed.

    Attributes:
        losses: how often it was lost. Who keeps a local copy of what is shared sees by it that
            something may have been missed.
    """

    def __init__(self, url: str, *, patience: float = PATIENCE) -> None:
        self._client = redis.Redis.from_url(
            url,
            socket_timeout=patience,
            socket_connect_timeout=patience,
            retry=Retry(NoBackoff(), 0),
            # Fewer round trips before the first command.
            protocol=2,
            driver_info=None,
        )
        self._patience = patience
        # Lent by pop and append alone, which are atomic.
        self._idle: list[Any] = []
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._lost = False
        self._owed: OrderedDict[_Command, None] = OrderedDict()
        self.losses = 0

    @property
    def lost(self) -> bool:
        """Whether Redis is known to be out of reach."""
        return self._lost

    def run(self, script: Script, keys: Sequence[str], args: Sequence[Argument] = ()) -> Any:
        """Run a script.

        Returns:
            What it returns; strings are bytes.

        Raises:
            FleetLost: Redis did not answer, or could not do it.
        """
        return self.ask(lambda client: self._evaluate(script, keys, args))

    def insist(self, script: Script, keys: Sequence[str], args: Sequence[Argument] = ()) -> None:
        """Run a script now or, if Redis is lost, before anything else when it is found again.

        Args:
            script: one that may be run twice: a lost answer leaves open whether it was.
        """
        try:
            self.run(script, keys, args)
        except FleetLost:
            with self._lock:
                if self._lost:
                    self._owed[script, tuple(keys), tuple(args)] = None
                    if len(self._owed) > MOST_OWED:
                        self._owed.popitem(last=False)
                    return
            # It was found in between.
            with contextlib.suppress(FleetLost):
                self.run(script, keys, args)

    def ask(self, command: Callable[["redis.Redis"], Any]) -> Any:
        """Run a command of redis-py.

        Raises:
            FleetLost: Redis did not answer, or could not do it.
        """
        if self._lost:
            raise FleetLost
        try:
            return command(self._client)
        except (redis.RedisError, OSError) as fault:
            self._lose(fault)
            raise FleetLost from fault
        except Exception as fault:
            if self._closed.is_set():
                # Closed under this call, which redis-py answers with whatever comes of it.
                raise FleetLost from fault
            raise

    def close(self) -> None:
        """Close all connections, and stop looking for a lost Redis."""
        self._closed.set()
        self._drop_idle()
        self._client.connection_pool.disconnect()

    def _evaluate(self, script: Script, keys: Sequence[str], args: Sequence[Argument]) -> Any:
        try:
            return self._exchange("EVALSHA", script.sha, len(keys), *keys, *args)
        except NoScriptError:
            # After a restart or a flush.
            return self._exchange("EVAL", script.source, len(keys), *keys, *args)

    def _exchange(self, *command: Argument) -> Any:
        """One command and its answer, past redis-py's pool and its layers for retries and the like,
        which take as long as Redis itself."""
        connection = self._borrow()
        try:
            connection.send_packed_command([_packed(command)])
            if not (connection.can_read(self._patience) or connection.can_read(GRACE)):
                raise redis.TimeoutError("no answer in time")
            answer = connection.read_response()
        except redis.ResponseError:
            self._idle.append(connection)
            raise
        except BaseException:
            # What is still to come must not be taken for the answer to the next command.
            connection.disconnect()
            raise
        self._idle.append(connection)
        return answer

    def _borrow(self) -> Any:
        """A connection that is ready. The one used last comes first, so that few are in use."""
        try:
            connection = self._idle.pop()
        except IndexError:
            pool = self._client.connection_pool
            connection = pool.connection_class(**pool.connection_kwargs)
        connection.connect()
        if self._is_dead(connection):
            connection.disconnect()
            connection.connect()
        return connection

    @staticmethod
    def _is_dead(connection: Any) -> bool:
        """Whether Redis has closed it meanwhile: nothing was asked, and yet there is news."""
        try:
            return bool(connection.can_read())
        except (redis.RedisError, OSError):
            return True

    def _drop_idle(self) -> None:
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop().disconnect()

    def _lose(self, fault: Exception) -> None:
        with self._lock:
            if self._lost or self._closed.is_set():
                return
            self._lost = True
            self.losses += 1
        log.warning("redis lost", cause=type(fault).__name__)
        threading.Thread(target=self._search, name="ava-fleet", daemon=True).start()

    def _search(self) -> None:
        """Until Redis can be written to. Connections kept from before may be dead: drop them."""
        self._drop_idle()
        self._client.connection_pool.disconnect(inuse_connections=False)
        started = time.monotonic()
        while not self._closed.wait(KNOCK_SECONDS):
            try:
                self._client.set(_KNOCK, 1, px=1000)
                self._pay()
            except (redis.RedisError, OSError, ValueError):
                # ValueError: a socket that `close` has closed meanwhile.
                continue
            log.warning("redis found again", seconds=round(time.monotonic() - started, 1))
            return

    def _pay(self) -> None:
        """Run what is owed, the oldest first; when nothing is left, Redis is found again."""
        while True:
            with self._lock:
                if not self._owed:
                    self._lost = False
                    return
                command = next(iter(self._owed))
            try:
                self._evaluate(*command)
            except redis.ResponseError as fault:
                # Redis is there and will never do it.
                log.error("owed command refused", cause=type(fault).__name__)
            with self._lock:
                self._owed.pop(command, None)


def _packed(command: Sequence[Argument]) -> bytes:
    """A command as it goes over the wire (redis.io/docs/latest/develop/reference/protocol-spec).

    redis-py's own way takes as long as a small command does.
    """
    parts = [b"*%d\r\n" % len(command)]
    for argument in command:
        text = argument if isinstance(argument, bytes) else str(argument).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(text), text))
    return b"".join(parts)
