"""How long one request may wait for Redis in all.

A Redis that is slow but not lost would cost a request its delay times as often as it is asked,
and an edit asks some twenty times.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase


class Spent:
    """What a request has waited for Redis so far, in seconds."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._longest = 0.0

    def add(self, seconds: float) -> None:
        self.seconds += seconds
        self._longest = max(self._longest, seconds)

    def leaves_room(self, allowance: float) -> bool:
        """Whether one more wait like the longest fits in."""
        return self.seconds + self._longest <= allowance


_current: ContextVar[Spent | None] = ContextVar("spent_on_redis", default=None)

current = _current.get
"""Of the request that is being answered; None where there is none."""


@contextlib.contextmanager
def metered() -> Iterator[Spent]:
    """Count what this block, and threads that inherit its context, wait for Redis."""
    spent = Spent()
    token = _current.set(spent)
    try:
        yield spent
    finally:
        _current.reset(token)


class BudgetMiddleware:
    """Each request has a budget of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with metered():
            return self.get_response(request)
