"""A provider for a fleet of processes: it counts who calls and when, and fails on demand."""

import asyncio
import re
import threading
import time
from dataclasses import dataclass

_PID = re.compile(rb"(?i)x-correlation-id: (\d+)")


@dataclass(frozen=True)
class Call:
    """A request as it arrived. `at` is monotonic seconds, the same in all processes."""

    at: float
    pid: int


class Upstream:
    """An HTTP server in a thread of its own.

    Attributes:
        status: what it answers.
        delay: seconds until it answers.
    """

    def __init__(self) -> None:
        self.status = 200
        self.delay = 0.01
        self._calls: list[Call] = []
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0)
        )
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def since(self, moment: float) -> list[Call]:
        """The calls that have arrived since."""
        return [call for call in tuple(self._calls) if call.at >= moment]

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.create_task, self._end())
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        self._loop.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                found = _PID.search(request)
                self._calls.append(Call(time.monotonic(), int(found[1]) if found else 0))
                status = self.status
                await asyncio.sleep(self.delay)
                writer.write(b"HTTP/1.1 %d X\r\nContent-Length: 2\r\n\r\n{}" % status)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
