"""Admission of requests to threads, through the ASGI application."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from ava.asgi import Application
from ava.http.responses import LIVENESS
from ava.server import admission
from ava.server.admission import PLACES
from ava.tests.test_asgi import scope

Message = dict[str, Any]
SECONDS = 10.0


class Crowd:
    """Requests that hold a thread until they are let go.

    Args:
        busy: what each does before it is held.
    """

    def __init__(self, busy: Callable[[], None] = lambda: None) -> None:
        self._busy = busy
        self.go = threading.Event()
        self.arrived = threading.Semaphore(0)

    def __call__(self, environ: Message, start: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/held":
            self._busy()
            self.arrived.release()
            assert self.go.wait(SECONDS)
        start("200 OK", [])
        return [environ["PATH_INFO"].encode()]


def ask_beside(crowd: Crowd, path: str, held: int, method: str = "GET") -> bytes | None:
    """The answer to one request while so many others are held; None where none came."""

    async def play() -> bytes | None:
        application = Application(crowd, threads=held + 1)
        bodies: dict[str, bytes] = {}

        async def ask(asked: str) -> None:
            async def send(message: Any) -> None:
                bodies[asked] = message.get("body", b"")

            async def receive() -> Message:
                raise AssertionError

            request = scope(path=asked.encode()) | {"method": method}
            await application(request, receive, send)

        others = [asyncio.create_task(ask("/held")) for _ in range(held)]
        for _ in others:
            assert await asyncio.to_thread(crowd.arrived.acquire, timeout=SECONDS)
        asked = asyncio.create_task(ask(path))
        await asyncio.wait([asked], timeout=0.2)
        answer = bodies.get(path)
        crowd.go.set()
        await asyncio.gather(asked, *others)
        assert path == LIVENESS or bodies[path] == path.encode()
        return answer

    return asyncio.run(play())


def test_a_request_waits_while_as_many_as_have_a_place_compute() -> None:
    assert ask_beside(Crowd(), "/asked", PLACES) is None


def test_liveness_is_answered_while_every_place_is_taken() -> None:
    assert ask_beside(Crowd(), LIVENESS, PLACES) == b'{"status": "ok"}'


def test_what_is_no_probe_of_liveness_waits_like_all_else() -> None:
    assert ask_beside(Crowd(), LIVENESS, PLACES, method="POST") is None


def test_requests_that_wait_for_a_provider_take_no_place() -> None:
    assert ask_beside(Crowd(busy=admission.release_place), "/asked", 2 * PLACES) == b"/asked"


def test_a_place_that_is_left_twice_lets_one_request_in() -> None:
    def twice() -> None:
        admission.release_place()
        admission.release_place()

    crowd = Crowd(busy=twice)
    assert ask_beside(crowd, "/asked", PLACES) == b"/asked"
    assert ask_beside(Crowd(), "/asked", PLACES) is None
