"""Receiving request bodies without a thread, in limited time and memory."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ava.http.problems import MalformedRequest, Overloaded

SECONDS = 30.0
LARGEST = 8 * 1024 * 1024
"""Bytes of a body; no address reads more. Larger ones are not received: the view refuses them."""
MOST_HELD = 64 * 1024 * 1024
"""Bytes of all bodies in this process that arrive, or wait for their answer."""


Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class ClientGone(Exception):
    """The client disconnected before the body was complete; no answer is sent."""


class Bodies:
    """The bodies that this process receives, and holds until they are answered."""

    def __init__(self) -> None:
        self._held = 0
        # Bytes of each that arrives, the oldest first.
        self._arriving: dict[asyncio.Timeout, int] = {}

    async def receive(self, receive: Receive) -> bytes:
        """A whole body. `release` it after use.

        Raises:
            ClientGone: the client has closed the connection.
            MalformedRequest: it did not arrive in time.
            Overloaded: there was no room for it any longer.
        """
        pieces: list[bytes] = []
        due = asyncio.get_running_loop().time() + SECONDS
        patience = asyncio.timeout_at(due)
        self._arriving[patience] = 0
        try:
            async with patience:
                more = True
                while more:
                    message = await receive()
                    if message["type"] != "http.request":
                        raise ClientGone
                    pieces.append(message.get("body", b""))
                    self._hold(patience, len(pieces[-1]))
                    more = message.get("more_body", False)
        except TimeoutError as fault:
            if patience.when() == due:
                raise MalformedRequest("The body did not arrive in time.") from fault
            raise Overloaded(retry_after=1) from fault
        finally:
            self._held -= self._arriving.pop(patience, 0)
        body = b"".join(pieces)
        self._held += len(body)
        return body

    def release(self, body: bytes) -> None:
        """Make room again."""
        self._held -= len(body)

    def _hold(self, patience: asyncio.Timeout, size: int) -> None:
        """Count a piece; without room for it, give up the oldest that arrive."""
        if patience not in self._arriving:
            return  # given up itself, a moment ago
        self._arriving[patience] += size
        self._held += size
        while self._held > MOST_HELD and self._arriving:
            oldest = next(iter(self._arriving))
            self._held -= self._arriving.pop(oldest)
            if not oldest.expired():
                oldest.reschedule(asyncio.get_running_loop().time())
