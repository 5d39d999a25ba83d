"""HTTP client for the sandbox's own requests: to apps on this machine only."""

import http.client
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

LARGEST_REPLY = 1_048_576
CONNECT_S = 5.0
READ_S = 15.0


class UnreachableError(Exception):
    """No connection: nothing has arrived."""


class UnansweredError(Exception):
    """No answer in time; the request may have arrived."""


@dataclass(frozen=True)
class Reply:
    """Answer of an app."""

    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


def send(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes = b"",
    *,
    connect_s: float = CONNECT_S,
    read_s: float = READ_S,
) -> Reply:
    """One request over a connection of its own; redirects are not followed.

    Raises: UnreachableError, also for hosts beyond this machine; UnansweredError.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise UnreachableError(url) from None
    if parts.scheme != "http" or not parts.hostname or not is_loopback(parts.hostname):
        raise UnreachableError(f"{url}: the sandbox calls http on this machine only")
    connection = http.client.HTTPConnection(parts.hostname, port, timeout=connect_s)
    try:
        try:
            connection.connect()
        except OSError as error:
            raise UnreachableError(url) from error
        connection.sock.settimeout(read_s)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body or None, {**headers, "Connection": "close"})
        response = connection.getresponse()
        return Reply(response.status, response.read(LARGEST_REPLY))
    except (OSError, http.client.HTTPException) as error:
        raise UnansweredError(url) from error
    finally:
        connection.close()


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, without asking DNS."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_url(text: str) -> bool:
    """Whether `text` is an http(s) URL with a host."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
