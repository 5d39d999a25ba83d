"""One connection to a Redis, spoken in its own protocol (RESP 2), with one deadline for whatever
there is to do: redis-py gives each step its own time, so that a slow Redis costs their sum.

Source: redis.io/docs/latest/develop/reference/protocol-spec
"""

import re
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from redis.connection import parse_url

from ava.redis.deadline import GRACE, Deadline, clock_of

Argument = str | bytes | int | float

# Where nothing of the kind can be done now, whatever is asked; in a script's error on Redis 6
# the code stands further on.
_OUT_OF_ORDER = re.compile(
    r"(?:^|-)(?:READONLY|OOM|LOADING|BUSY|MISCONF|NOREPLICAS|NOPERM|NOAUTH|WRONGPASS"
    r"|MASTERDOWN|CLUSTERDOWN|TRYAGAIN)\b|^ERR max number of clients"
)


class Refused(Exception):
    """Redis answered with an error. Its text, which may quote what was sent, is not for logs."""

    @property
    def code(self) -> str:
        return str(self).partition(" ")[0]

    @property
    def is_loss(self) -> bool:
        """Whether Redis is of no use now, rather than this command."""
        return bool(_OUT_OF_ORDER.search(str(self)))


class Node(NamedTuple):
    """A Redis as its URL or a cluster names it."""

    host: str
    port: int


class Address(NamedTuple):
    """Where a socket connects to; no name any more."""

    family: socket.AddressFamily
    to: tuple[Any, ...]


@dataclass(frozen=True)
class Access:
    """How to get into a Redis: what its URL says besides the node."""

    credentials: tuple[str, ...] = field(repr=False)
    database: int
    tls: ssl.SSLContext | None

    @property
    def greeting(self) -> Sequence[Sequence[Argument]]:
        """The commands that open a connection."""
        login = [("AUTH", *self.credentials)] if self.credentials else []
        return [*login, *([("SELECT", self.database)] if self.database else [])]


def access(url: str) -> tuple[Node, Access]:
    """Take a URL apart.

    Args:
        url: as redis-py has it: redis:// or rediss://, with ssl_cert_reqs, ssl_ca_certs,
            ssl_check_hostname, ssl_certfile, ssl_keyfile and ssl_password in its query.
    """
    told: dict[str, Any] = parse_url(url)  # type: ignore[no-untyped-call]  # redis-py has none
    node = Node(told.get("host", "localhost"), told.get("port", 6379))
    user, password = told.get("username"), told.get("password")
    credentials = tuple(part for part in (user, password) if part) if password else ()
    tls = _tls(told) if url.startswith("rediss:") else None
    return node, Access(credentials, told.get("db", 0), tls)


def _tls(told: dict[str, Any]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=told.get("ssl_ca_certs"))
    if told.get("ssl_cert_reqs") == "none" or told.get("ssl_check_hostname") is False:
        context.check_hostname = False
    if told.get("ssl_cert_reqs") == "none":
        context.verify_mode = ssl.CERT_NONE
    if "ssl_certfile" in told:
        context.load_cert_chain(
            told["ssl_certfile"], told.get("ssl_keyfile"), told.get("ssl_password")
        )
    return context


def packed(*commands: Sequence[Argument]) -> bytes:
    """Commands as they go over the wire."""
    parts = []
    for command in commands:
        parts.append(b"*%d\r\n" % len(command))
        for argument in command:
            text = argument if isinstance(argument, bytes) else str(argument).encode()
            parts.append(b"$%d\r\n%b\r\n" % (len(text), text))
    return b"".join(parts)


class Wire:
    """An open connection. Whoever gets an exception other than Refused from it closes it.

    Args:
        host: the name in the other side's certificate.

    Raises:
        OSError: it could not be opened within the deadline, or Redis would not have it.
    """

    def __init__(self, address: Address, host: str, access: Access, deadline: Deadline) -> None:
        self._data, self._at = b"", 0
        self._asked = self._counted = 0.0
        self._socket = socket.socket(address.family, socket.SOCK_STREAM)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            began = time.monotonic()
            self._socket.settimeout(deadline.left())
            self._socket.connect(address.to)
            took = time.monotonic() - began
            deadline.waited += clock_of(self._socket, took).round_trip
            if access.tls is not None:
                began = time.monotonic()
                self._socket.settimeout(deadline.left())
                self._socket = access.tls.wrap_socket(self._socket, server_hostname=host)
                deadline.waited += time.monotonic() - began
            if access.greeting:
                self.ask(packed(*access.greeting), deadline, len(access.greeting))
        except Refused as refusal:
            self._socket.close()
            raise ConnectionError(refusal.code) from refusal
        except BaseException:
            self._socket.close()
            raise

    def ask(self, text: bytes, deadline: Deadline, answers: int = 1) -> Any:
        """Send packed commands, and take as many answers.

        Returns:
            The last answer; strings are bytes.

        Raises:
            OSError: there was none in time, or none that makes sense.
            Refused: an answer is an error.
        """
        self._socket.settimeout(deadline.left())
        self._asked, self._counted = time.monotonic(), 0.0
        self._socket.sendall(text)
        try:
            found = [self._answer(deadline) for _ in range(answers)]
        except (ValueError, RecursionError) as fault:
            raise ConnectionError("what answers is no Redis") from fault
        for answer in found:
            if isinstance(answer, Refused):
                raise answer
        return found[-1]

    def is_dead(self) -> bool:
        """Whether the other side has closed it: nothing was asked, and yet there is news."""
        try:
            self._socket.settimeout(0)
            self._socket.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            pass
        return True

    def close(self) -> None:
        self._socket.close()

    def _answer(self, deadline: Deadline) -> Any:
        line = self._line(deadline)
        kind, rest = line[:1], line[1:]
        if kind == b":":
            return int(rest)
        if kind == b"$":
            size = int(rest)
            return None if size < 0 else self._bytes(size, deadline)
        if kind == b"*":
            size = int(rest)
            return None if size < 0 else [self._answer(deadline) for _ in range(size)]
        if kind == b"+":
            return rest
        if kind == b"-":
            return Refused(rest.decode(errors="replace"))
        raise ValueError("no such kind of answer")

    def _line(self, deadline: Deadline) -> bytes:
        while (end := self._data.find(b"\r\n", self._at)) < 0:
            self._more(deadline)
        line, self._at = self._data[self._at : end], end + 2
        return line

    def _bytes(self, size: int, deadline: Deadline) -> bytes:
        while len(self._data) < self._at + size + 2:
            self._more(deadline)
        text = self._data[self._at : self._at + size]
        self._at += size + 2
        return text

    def _more(self, deadline: Deadline) -> None:
        patience = deadline.left()
        self._socket.settimeout(patience)
        try:
            came = self._socket.recv(65536)
        except TimeoutError:
            self._count(deadline, patience)
            if not deadline.grant_grace():
                raise
            self._socket.settimeout(GRACE)
            came = self._socket.recv(65536)
        took = time.monotonic() - self._asked
        self._count(deadline, clock_of(self._socket, took).between - self._counted)
        if not came:
            raise ConnectionResetError("closed by Redis")
        self._data, self._at = self._data[self._at :] + came, 0

    def _count(self, deadline: Deadline, seconds: float) -> None:
        """Of the time since it was asked, this was the other side's, too."""
        if seconds > 0:
            self._counted += seconds
            deadline.waited += seconds
