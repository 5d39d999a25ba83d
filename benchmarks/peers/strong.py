"""A FastAPI service by someone who wants it fast, with AVA's duties on a read.

Ready bytes; one middleware without a task of its own; a pooled client; with Redis one round trip.
"""

import hashlib
import os
import sys
import time
from collections import deque
from collections.abc import MutableMapping
from functools import cache
from typing import Any

import aiohttp
import jwt
import orjson
import redis.asyncio as redis
from fastapi import FastAPI, HTTPException, Request, Response
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks.peers import common

REQUESTS = Counter("requests", "Requests.", ["method", "path", "status"])
SECONDS = Histogram("request_seconds", "Seconds of a request.", ["method", "path"])
count = cache(REQUESTS.labels)
timer = cache(SECONDS.labels)
log = os.fdopen(sys.stderr.fileno(), "wb", buffering=0, closefd=False)

TAKE = """
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, now - 60000000)
local used = redis.call('ZCARD', KEYS[1])
if used >= tonumber(ARGV[1]) then return {-1} end
redis.call('ZADD', KEYS[1], now, now .. ARGV[2])
redis.call('EXPIRE', KEYS[1], 61)
return {used + 1, redis.call('SISMEMBER', 'sessions', ARGV[3]), redis.call('GET', KEYS[2])}
"""
"""The limit (a sliding window), the session and the copy."""


class Outside:
    """Correlation ID, metrics and a line of JSON for each request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        began, status = time.perf_counter(), 500
        given = dict(scope["headers"]).get(b"x-correlation-id") or os.urandom(16).hex().encode()

        async def start(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-correlation-id", given)]
            await send(message)

        try:
            await self._app(scope, receive, start)
        finally:
            seconds = time.perf_counter() - began
            method, path = scope["method"], scope["path"]
            count(method, path, status).inc()
            timer(method, path).observe(seconds)
            line = {
                "event": "request",
                "method": method,
                "path": path,
                "status": status,
                "duration_ms": round(seconds * 1000, 2),
                "correlation_id": given.decode(errors="replace"),
            }
            log.write(orjson.dumps(line) + b"\n")


class Memory:
    """Limit, sessions and copies of one process."""

    def __init__(self) -> None:
        self._hits: dict[str, deque[float]] = {}
        self._sessions = set(common.SESSIONS)
        self._copies: dict[str, tuple[float, bytes]] = {}

    async def take(self, address: str, session: str, user: str) -> tuple[int, bool, bytes | None]:
        now, hits = time.monotonic(), self._hits.setdefault(address, deque())
        while hits and hits[0] < now - 60:
            hits.popleft()
        if len(hits) >= common.PER_MINUTE:
            return -1, False, None
        hits.append(now)
        kept_until, body = self._copies.get(user, (0.0, None))
        return len(hits), session in self._sessions, body if kept_until > now else None

    async def keep(self, user: str, body: bytes) -> None:
        self._copies[user] = (time.monotonic() + common.COPY_SECONDS, body)

    async def end(self, session: str) -> None:
        self._sessions.discard(session)


class Shared:
    """The same in Redis: one round trip for a read."""

    def __init__(self, url: str) -> None:
        self._client = redis.from_url(url)
        self._take = self._client.register_script(TAKE)
        self._ready = False

    async def take(self, address: str, session: str, user: str) -> tuple[int, bool, bytes | None]:
        if not self._ready:
            await self._client.sadd("sessions", *common.SESSIONS)
            self._ready = True
        used, *rest = await self._take(
            keys=[f"limit:{address}", f"copy:{user}"],
            args=[common.PER_MINUTE, os.urandom(4), session],
        )
        return (
            (used, bool(rest[0]), rest[1] if len(rest) > 1 else None) if rest else (-1, False, None)
        )

    async def keep(self, user: str, body: bytes) -> None:
        await self._client.set(f"copy:{user}", body, ex=common.COPY_SECONDS)

    async def end(self, session: str) -> None:
        await self._client.srem("sessions", session)


class Vapi:
    """Pooled client with a breaker."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._failures, self._opened = 0, 0.0

    async def read(self) -> bytes:
        if self._failures >= 3 and time.monotonic() - self._opened < 30:
            raise HTTPException(503, "Vapi is unavailable.")
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10))
        url, headers = f"{common.UPSTREAM}/assistant/default", {"Authorization": "Bearer key"}
        try:
            async with self._session.get(url, headers=headers) as answer:
                answer.raise_for_status()
                document = orjson.loads(await answer.read())
        except (aiohttp.ClientError, TimeoutError):
            self._failures, self._opened = self._failures + 1, time.monotonic()
            raise HTTPException(502, "Vapi failed.") from None
        self._failures = 0
        return orjson.dumps(common.settings(document))


app = FastAPI()
app.add_middleware(Outside)
store = Shared(common.REDIS) if common.REDIS else Memory()
vapi = Vapi()


def claims(request: Request) -> dict[str, Any]:
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    try:
        return dict(jwt.decode(token, common.SECRET, algorithms=["HS256"]))
    except jwt.PyJWTError:
        raise HTTPException(401, "The token is not valid.") from None


@app.get("/api/v1/vapi/settings")
async def read(request: Request) -> Response:
    token = claims(request)
    assert request.client is not None
    used, is_open, body = await store.take(request.client.host, token["sid"], token["sub"])
    if used < 0:
        raise HTTPException(429, "Too many requests.", {"Retry-After": "60"})
    if not is_open:
        raise HTTPException(401, "The session has ended.")
    if body is None or request.headers.get("cache-control") == "no-cache":
        body = await vapi.read()
        await store.keep(token["sub"], body)
    tag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization",
        "X-RateLimit-Limit": str(common.PER_MINUTE),
        "X-RateLimit-Remaining": str(common.PER_MINUTE - used),
    }
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


@app.post("/api/v1/auth/logout", status_code=204)
async def logout(request: Request) -> None:
    await store.end(claims(request)["sid"])


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}
