"""Fast path: answers that are ready in memory, without Django's handler, URL resolution or DRF.

The middlewares that are not for pages alone are passed as on the long way, so such an answer is
logged, counted and secured like any other. Whatever is not ready takes the long way: docs/adr/0017.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed, SuspiciousOperation
from django.core.handlers.wsgi import WSGIRequest
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import ResolverMatch, resolve
from django.utils.module_loading import import_string

from ava.http.middleware import GetResponse, OnPages
from ava.http.responses import PROBES

Ready = Callable[[WSGIRequest], HttpResponseBase | None]

# What asks for more than the answer as it is kept, or sends what has to be refused.
_LONG_WAY: Final = ("HTTP_TRANSFER_ENCODING", "HTTP_CACHE_CONTROL", "HTTP_CONTENT_ENCODING")
_ACCEPTED: Final = ("*/*", "application/json", "application/json, text/plain, */*")


_registered: dict[str, tuple[Ready, bool]] = {}


def register(path: str, ready: Ready, *, asks_redis: bool) -> None:
    """Answer this address from memory where `ready` can.

    Args:
        ready: the answer of the address' own view, or None where it has to be asked. It never
            waits, but for Redis' answer to the rate limit.
        asks_redis: whether it counts its requests in Redis, where there is one.
    """
    _registered[path] = ready, asks_redis


def never_waits(environ: dict[str, Any]) -> bool:
    """Whether `answer` waits for nothing, so that an event loop may call it."""
    address = _registered.get(environ["PATH_INFO"])
    return address is not None and not (address[1] and settings.REDIS_URL)


def answer(environ: dict[str, Any]) -> HttpResponseBase | None:
    """The answer, if it is ready; else the long way answers."""
    path = environ["PATH_INFO"]
    if path not in _registered or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return None
    if not _is_plain(environ):
        return None
    request = WSGIRequest(environ)
    try:
        if path not in PROBES:
            request.get_host()
        response = _registered[path][0](request)
    except SuspiciousOperation:  # an unknown host, too many parameters
        return None
    if response is None:
        return None
    request.resolver_match = _match(path)
    request.ready = response  # type: ignore[attr-defined]  # read by the innermost of the chain
    return _chain()(request)


def _is_plain(environ: dict[str, Any]) -> bool:
    return (
        environ.get("HTTP_ACCEPT", "*/*") in _ACCEPTED
        # Many clients name one on every request.
        and environ.get("CONTENT_TYPE", "") in ("", "application/json", "application/octet-stream")
        and environ.get("CONTENT_LENGTH", "") in ("", "0")
        and not any(name in environ for name in _LONG_WAY)
    )


@cache
def _match(path: str) -> ResolverMatch:
    return resolve(path)


@cache
def _chain() -> GetResponse:
    """The middlewares of all addresses, around the answer that is ready."""
    hooks: list[Callable[..., Any]] = []

    def respond(request: Any) -> HttpResponseBase:
        match = request.resolver_match
        for hook in hooks:
            hook(request, match.func, match.args, match.kwargs)
        return request.ready  # type: ignore[no-any-return]

    chain: Any = respond
    for name in reversed(settings.MIDDLEWARE):
        middleware = import_string(name)
        # A GET of the API has no form's token to check.
        if not issubclass(middleware, (OnPages, CsrfViewMiddleware)):
            with suppress(MiddlewareNotUsed):
                chain = middleware(chain)
                if hasattr(chain, "process_view"):
                    hooks.append(chain.process_view)
    return chain  # type: ignore[no-any-return]


forget = _chain.cache_clear
