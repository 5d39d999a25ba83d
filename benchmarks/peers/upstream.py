"""Vapi with one assistant, answered at once: `python -m benchmarks.peers.upstream PORT`."""

import asyncio
import json
import sys
from typing import cast

import uvloop

from sandbox.vapi.seed import ASSISTANT

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\nConnection: keep-alive\r\n\r\n"
)


def answer(body: object) -> bytes:
    """The bytes of an answer."""
    text = json.dumps(body, separators=(",", ":")).encode()
    return HEAD % len(text) + text


ONE, LIST = answer(ASSISTANT), answer([ASSISTANT])


class Vapi(asyncio.Protocol):
    """A connection to it. `GET /count` tells how many requests came, and is none of them."""

    count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is none by inheritance.
        self._transport = cast(asyncio.Transport, transport)
        self._received = b""

    def data_received(self, data: bytes) -> None:
        *heads, self._received = (self._received + data).split(b"\r\n\r\n")
        for head in heads:
            path = head.split(b" ", 2)[1]
            if path == b"/count":
                self._transport.write(answer(Vapi.count))
            else:
                Vapi.count += 1
                self._transport.write(ONE if path.startswith(b"/assistant/") else LIST)


async def main(port: int) -> None:
    await asyncio.get_running_loop().create_server(Vapi, "127.0.0.1", port, backlog=2048)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
