"""A plain FastAPI service, as the earlier system was described.

A client for each request to Vapi, a lock round the breaker, models for each answer, slowapi.
"""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
import jwt
import redis.asyncio as redis
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client import Counter, Histogram
from pydantic import BaseModel
from slowapi import Limiter
from slowapi.util import get_remote_address
from starlette.middleware.base import BaseHTTPMiddleware

from benchmarks.peers import common

REQUESTS = Counter("requests", "Requests.", ["method", "path", "status"])
SECONDS = Histogram("request_seconds", "Seconds of a request.", ["method", "path"])
FAILURES, RECOVERY_SECONDS = 3, 30

Next = Callable[[Request], Awaitable[Response]]


class Setting(BaseModel):
    key: str
    value: Any
    type: str
    description: str
    constraints: dict[str, Any]
    default: Any
    updated_at: str
    custom: bool
    is_set: bool


class Assistant(BaseModel):
    id: str
    name: str
    updated_at: str


class Settings(BaseModel):
    settings: list[Setting]
    assistant: Assistant


class Breaker:
    """Circuit breaker of this process."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._failures, self._opened = 0, 0.0

    async def call(self, function: Callable[[], Awaitable[Settings]]) -> Settings:
        async with self._lock:
            if self._failures >= FAILURES and time.monotonic() - self._opened < RECOVERY_SECONDS:
                raise HTTPException(503, "Vapi is unavailable.")
        try:
            found = await function()
        except httpx.HTTPError:
            async with self._lock:
                self._failures, self._opened = self._failures + 1, time.monotonic()
            raise HTTPException(502, "Vapi failed.") from None
        async with self._lock:
            self._failures = 0
        return found


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.redis = redis.from_url(common.REDIS) if common.REDIS else None
    app.state.copies = {}
    yield


app = FastAPI(lifespan=lifespan)
limiter = app.state.limiter = Limiter(
    key_func=get_remote_address, storage_uri=common.REDIS.partition("?")[0] or "memory://"
)
breaker = Breaker()
bearer = HTTPBearer()


class Correlation(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: Next) -> Response:
        correlation_id = request.headers.get("X-Correlation-ID") or str(uuid.uuid4())
        response = await call_next(request)
        response.headers["X-Correlation-ID"] = correlation_id
        return response


class Metrics(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: Next) -> Response:
        began = time.perf_counter()
        response = await call_next(request)
        REQUESTS.labels(request.method, request.url.path, response.status_code).inc()
        SECONDS.labels(request.method, request.url.path).observe(time.perf_counter() - began)
        return response


app.add_middleware(Metrics)
app.add_middleware(Correlation)


async def current_user(
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)],
) -> str:
    try:
        claims = jwt.decode(credentials.credentials, common.SECRET, algorithms=["HS256"])
    except jwt.PyJWTError:
        raise HTTPException(401, "The token is not valid.") from None
    return str(claims["sub"])


async def fetch() -> Settings:
    async with httpx.AsyncClient(base_url=common.UPSTREAM, timeout=30) as client:
        answer = await client.get("/assistant/default", headers={"Authorization": "Bearer key"})
    answer.raise_for_status()
    return Settings(**common.settings(answer.json()))


async def copy_of(user: str) -> Settings | None:
    if app.state.redis:
        text = await app.state.redis.get(f"settings:{user}")
        return Settings(**json.loads(text)) if text else None
    kept_until, found = app.state.copies.get(user, (0.0, None))
    return found if kept_until > time.monotonic() else None


async def keep(user: str, found: Settings) -> None:
    if app.state.redis:
        await app.state.redis.set(
            f"settings:{user}", found.model_dump_json(), ex=common.COPY_SECONDS
        )
    else:
        app.state.copies[user] = (time.monotonic() + common.COPY_SECONDS, found)


@app.get("/api/v1/vapi/settings")
@limiter.limit(f"{common.PER_MINUTE}/minute")
async def read(request: Request, user: Annotated[str, Depends(current_user)]) -> Settings:
    found = None
    if request.headers.get("Cache-Control") != "no-cache":
        found = await copy_of(user)
    if found is None:
        found = await breaker.call(fetch)
        await keep(user, found)
    return found


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}
