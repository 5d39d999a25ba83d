"""Where nodes are. Names are looked up in the background: that may take seconds, and no request
has any to spare."""

import contextlib
import ipaddress
import socket
import threading
import time

from ava.redis.deadline import Deadline
from ava.redis.wire import Address, Node

TRY_SECONDS = 0.2
"""For each address of a name that has several, until one accepts a connection."""


class Addresses:
    """The last known address of each node."""

    def __init__(self) -> None:
        self._known: dict[Node, Address] = {}
        self._asking: dict[Node, threading.Event] = {}
        self._lock = threading.Lock()

    def find(self, node: Node, deadline: Deadline) -> Address:
        """Where it is, as far as is known.

        Raises:
            OSError: nothing is known within the deadline.
        """
        known = self._known.get(node) or _literal(node)
        if known is None:
            began = time.monotonic()
            self.refresh(node).wait(deadline.left())
            deadline.waited += time.monotonic() - began
            known = self._known.get(node)
        if known is None:
            raise OSError("no address is known")
        return known

    def refresh(self, node: Node) -> threading.Event:
        """Have it looked up, unless it is an address itself.

        Returns:
            Set when that is done.
        """
        with self._lock:
            if node in self._asking:
                return self._asking[node]
            done = threading.Event()
            if _literal(node) is not None:
                done.set()
                return done
            self._asking[node] = done
        threading.Thread(target=self._ask, args=(node, done), name="ava-dns", daemon=True).start()
        return done

    def _ask(self, node: Node, done: threading.Event) -> None:
        try:
            # UnicodeError: a name that cannot be one.
            with contextlib.suppress(OSError, UnicodeError):
                self._known[node] = _accepting(node)
        finally:
            with self._lock:
                del self._asking[node]
            done.set()


def _literal(node: Node) -> Address | None:
    try:
        ip = ipaddress.ip_address(node.host)
    except ValueError:
        return None
    family = socket.AF_INET if ip.version == 4 else socket.AF_INET6
    return Address(family, (node.host, node.port))


def _accepting(node: Node) -> Address:
    """The first address that accepts a connection, else the first: a request tries only one."""
    told = socket.getaddrinfo(node.host, node.port, type=socket.SOCK_STREAM)
    found = [Address(family, to) for family, _, _, _, to in told]
    for address in found[: -1 if len(found) == 1 else None]:
        with socket.socket(address.family, socket.SOCK_STREAM) as trial:
            trial.settimeout(TRY_SECONDS)
            if trial.connect_ex(address.to) == 0:
                return address
    return found[0]
