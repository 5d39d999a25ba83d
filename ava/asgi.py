"""The ASGI entry point: a request takes a thread once it has arrived whole and is admitted.

The server reads heads and writes answers by itself; Django needs a thread for each request. Bodies
are received here, without one, so that a client that is slow on purpose delays no other. What is
ready in memory is answered here at once (`ava.http.fastpath`), liveness among it; `ava.wsgi`
answers the rest.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.utils import timezone

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ava.settings")

from ava.wsgi import application as wsgi  # isort: skip  # sets up the apps that the others need
from ava import ratelimit
from ava.http import correlation, cors, fastpath, metrics
from ava.http.problems import CONTENT_TYPE, Problem
from ava.http.responses import LIVENESS
from ava.observability import draining
from ava.server import admission, pace, worker
from ava.server.environ import body_length, environ_of
from ava.server.flights import Flights
from ava.server.receiving import LARGEST, Bodies, ClientGone

log = structlog.get_logger("ava.asgi")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Answer = tuple[int, list[tuple[bytes, bytes]], bytes]


class Application:
    """A WSGI application as an ASGI one.

    Args:
        threads: requests that are answered at the same time.
    """

    def __init__(self, wsgi: Any, *, threads: int) -> None:
        self._wsgi = wsgi
        self._threads = ThreadPoolExecutor(threads, "ava-request")
        self._admission = admission.Admission()
        self._turns = admission.Turns()
        self._flights = Flights()
        self._bodies = Bodies()
        self._pacer = pace.Pacer()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await worker.live(receive, send)
            return
        received_at = timezone.now()
        length, body = body_length(scope), b""
        try:
            if 0 < length <= LARGEST:
                body = await self._bodies.receive(receive)
            status, headers, content = await self._ask(environ_of(scope, received_at, body))
        except ClientGone:
            return
        except Problem as problem:
            status, headers, content = _refusal(environ_of(scope, received_at), problem)
        finally:
            self._bodies.release(body)
        if status in pace.REFUSALS:
            await asyncio.sleep(self._pacer.delay(scope["client"][0]))
        if (length and not body) or draining.is_draining():
            # What the client may still send is not the next request; nor is there to be one.
            headers.append((b"connection", b"close"))
        metrics.count_without_id(headers)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _ask(self, environ: dict[str, Any]) -> Answer:
        fast = _find(environ)
        is_ready = fast is not None and fast.is_ready()
        if fast is not None and fast.key is not None and not is_ready:
            await self._flights.wait(fast.key, fast.is_ready)
            # Looked up again: the caller may not be remembered any more.
            fast = _find(environ)
            is_ready = fast is not None and fast.is_ready()
        if fast is not None and is_ready:
            found = await self._make(fast)
            if found is not None:
                return _whole(environ, found)
        with self._flights.lead(fast and fast.key):
            async with self._admission.place() as release:
                return await asyncio.get_running_loop().run_in_executor(
                    self._threads, _answer, self._wsgi, environ, release
                )

    async def _make(self, fast: fastpath.FastAnswer) -> Any:
        if fast.request.path_info == LIVENESS:
            return _ready(fast)
        await ratelimit.count_in_loop(fast.request, fast.group, user=fast.user)
        return await self._turns.take(partial(_ready, fast))


def _answer(wsgi: Any, environ: dict[str, Any], release: admission.Release) -> Answer:
    """The application's answer, in a thread that may release its place."""
    admission.set_release(release)
    started: list[Any] = []
    try:
        content: Any = wsgi(environ, lambda *start: started.extend(start))
        try:
            body = b"".join(content)
        finally:
            getattr(content, "close", lambda: None)()
    except Exception:
        log.exception("request failed outside of Django")
        return _refusal(environ, Problem())
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in started[1]]
    return int(started[0].split()[0]), headers, body


def _find(environ: dict[str, Any]) -> fastpath.FastAnswer | None:
    try:
        return fastpath.find(environ)
    except Exception:  # Whatever it is, the long way has an answer.
        log.warning("fast path failed", exc_info=True)
        return None


def _ready(fast: fastpath.FastAnswer) -> Any:
    try:
        return fastpath.answer(fast)
    except Exception:
        log.warning("fast path failed", exc_info=True)
        return None


def _whole(environ: dict[str, Any], response: Any) -> Answer:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in response.items()]
    return (
        response.status_code,
        headers,
        b"" if environ["REQUEST_METHOD"] == "HEAD" else response.content,
    )


def _refusal(environ: dict[str, Any], problem: Problem) -> Answer:
    """A problem that Django has no part in."""
    with correlation.bind(correlation.accept(environ.get("HTTP_X_CORRELATION_ID"))):
        log.warning("request not received", code=problem.code, status=int(problem.status))
        metrics.count_error(problem.status, problem.code)
        headers = {
            "Content-Type": CONTENT_TYPE,
            correlation.HEADER: correlation.current(),
            **cors.headers_of(environ["PATH_INFO"], environ.get("HTTP_ORIGIN")),
            **problem.headers,
        }
        body = json.dumps(problem.body()).encode()
    return int(problem.status), [(k.encode(), v.encode()) for k, v in headers.items()], body


application = Application(wsgi, threads=settings.ENV["AVA_THREADS"])
