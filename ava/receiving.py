"""Receiving request bodies without a thread, in limited time and memory."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ava.problems import MalformedRequest, Overloaded

SECONDS = 30.0
LARGEST = 8 * 1024 * 1024
"""Bytes of a body; no address reads more. Larger ones are not received: the view refuses them."""
MOST_HELD = 64 * 1024 * 1024
"""Bytes of all bodies in this process that arrive, or wait for their answer."""


Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class ClientGone(Exception):
    """The connection ended before the body did. There is nobody to answer."""


class Bodies:
    """The bodies that this process receives, and holds until they are answered."""

    def __init__(self) -> None:
        self._held = 0
        # By when each has to be complete, the oldest first.
        self._arriving: dict[asyncio.Timeout, None] = {}

    async def receive(self, receive: Receive) -> bytes:
        """A whole body. `release` it after use.

        Raises:
            ClientGone: the client has closed the connection.
            MalformedRequest: it did not arrive in time.
            Overloaded: there was no room for it any longer.
        """
        pieces: list[bytes] = []
        size = 0
        due = asyncio.get_running_loop().time() + SECONDS
        patience = asyncio.timeout_at(due)
        try:
            async with patience:
                self._arriving[patience] = None
                more = True
                while more:
                    message = await receive()
                    if message["type"] != "http.request":
                        raise ClientGone
                    pieces.append(message.get("body", b""))
                    size += len(pieces[-1])
                    self._held += len(pieces[-1])
                    if self._held > MOST_HELD:
                        self._give_up_oldest()
                    more = message.get("more_body", False)
        except BaseException as fault:
            self._held -= size
            if not isinstance(fault, TimeoutError):
                raise
            if patience.when() == due:
                raise MalformedRequest("The body did not arrive in time.") from fault
            raise Overloaded(retry_after=1) from fault
        finally:
            self._arriving.pop(patience, None)
        return b"".join(pieces)

    def release(self, body: bytes) -> None:
        """Make room again."""
        self._held -= len(body)

    def _give_up_oldest(self) -> None:
        """An honest client is done within moments: the oldest is the least honest."""
        oldest = next(iter(self._arriving))
        oldest.reschedule(asyncio.get_running_loop().time())
