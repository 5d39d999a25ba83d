"""Transport: one provider's pooled session, and one attempt at one request over it."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy

import requests
import urllib3
from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict

from ava.upstream.connections import WatchedAdapter, attempting
from ava.upstream.deadline import Deadline
from ava.upstream.metrics import CONNECTIONS_OPENED, CONNECTIONS_REUSED

CHUNK = 64 * 1024

# Everything the stack below raises when no usable answer comes.
_NO_ANSWER = (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError)


class NoAnswer(Exception):
    """An attempt brought no usable answer.

    Attributes:
        cause: a word for the log.
        unsent: no byte of the request left.
        stale: a kept connection turned out closed; the provider may never have seen the request.
        is_too_long: the provider answered well, but more than is read.
    """

    def __init__(
        self, cause: str, *, unsent: bool = False, stale: bool = False, is_too_long: bool = False
    ) -> None:
        super().__init__(cause)
        self.cause = cause
        self.unsent = unsent
        self.stale = stale
        self.is_too_long = is_too_long


class UnsendableHeader(ValueError):
    """A header, most likely the key in it, holds what no HTTP header can carry."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came, before anybody judges it."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Session(requests.Session):
    """No cookies, nothing from the environment, no redirects: a key goes where it was sent."""

    def __init__(self, pool_size: int) -> None:
        super().__init__()
        self.trust_env = False
        self.cookies = RequestsCookieJar(DefaultCookiePolicy(allowed_domains=[]))
        self.headers = CaseInsensitiveDict(
            {"User-Agent": "AVA", "Accept": "application/json", "Accept-Encoding": "identity"}
        )
        self.pools = WatchedAdapter(pool_connections=2, pool_maxsize=pool_size)
        self.mount("http://", self.pools)
        self.mount("https://", self.pools)

    def get_redirect_target(self, resp: requests.Response) -> None:
        # Even with redirects off requests would read a redirect's whole body to prepare the next.
        return None


class Transport:
    """A pool of connections to one provider.

    Args:
        service: the provider's label.
        pool_size: connections kept; as many as may run at once.
        connect_timeout: seconds for each address of the host.
        max_body: bytes an answer may have.
    """

    def __init__(
        self, service: str, *, pool_size: int, connect_timeout: float, max_body: int
    ) -> None:
        self._service = service
        self._session = _Session(pool_size)
        self._connect_timeout = connect_timeout
        self._max_body = max_body

    def prepare(self, request: requests.Request) -> requests.PreparedRequest:
        """Encode a request.

        Raises:
            UnsendableHeader: a header or credential does not fit into HTTP.
        """
        try:
            prepared = self._session.prepare_request(request)
            for value in prepared.headers.values():
                if isinstance(value, str):
                    value.encode("latin-1")
        except (requests.exceptions.InvalidHeader, UnicodeEncodeError):
            raise UnsendableHeader from None
        return prepared

    def exchange(self, prepared: requests.PreparedRequest, deadline: Deadline) -> Reply:
        """Send once and read the whole answer before the deadline.

        Raises:
            NoAnswer: none came, or none that can be used.
        """
        with attempting(deadline) as attempt:
            try:
                reply = self._send(prepared, deadline)
            except _NO_ANSWER as exc:
                late = deadline.expired
                cause = "deadline" if late else _name(exc)
                raise NoAnswer(
                    cause, unsent=attempt.unsent, stale=attempt.stale and not late
                ) from exc
            finally:
                # A handle still held would keep the connection open behind its closed socket.
                deadline.let_go()
                CONNECTIONS_OPENED.labels(self._service).inc(attempt.opened)
                CONNECTIONS_REUSED.labels(self._service).inc(attempt.reused)
        if deadline.cut:
            # A body without a length ends where the connection does: this one was cut off.
            raise NoAnswer("deadline")
        return reply

    def _send(self, prepared: requests.PreparedRequest, deadline: Deadline) -> Reply:
        left = deadline.left()
        if not left:
            raise requests.Timeout
        response = self._session.send(
            prepared,
            stream=True,
            allow_redirects=False,
            timeout=(min(self._connect_timeout, left), left),
        )
        with closing(response):
            body = bytearray()
            while chunk := response.raw.read(CHUNK, decode_content=True):
                body += chunk
                if len(body) > self._max_body:
                    raise NoAnswer("the answer is too long", is_too_long=response.status_code < 400)
            return Reply(response.status_code, response.headers, bytes(body))

    def drop_idle(self) -> None:
        """Close idle connections: after an outage they are not worth trying."""
        self._session.pools.poolmanager.clear()

    def close(self) -> None:
        self._session.close()


def _name(exc: BaseException) -> str:
    """The kind of failure, from inside urllib3's wrapping; its text may hold a URL."""
    wrapped = exc.args[0] if exc.args else None
    return type(getattr(wrapped, "reason", None) or exc).__name__
