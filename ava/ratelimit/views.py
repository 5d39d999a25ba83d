"""Rate limit of views that are not DRF's."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ava.http.responses import answer
from ava.ratelimit import check, introduce


def limited(group: str) -> Callable[[Callable[..., Any]], Callable[..., HttpResponseBase]]:
    """Count each request of a view that is not DRF's; beyond the limit it is not run."""
    introduce(group)

    def decorate(view: Callable[..., Any]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            verdict = check(request, group)
            response: HttpResponseBase = (
                view(request, *args, **kwargs)
                if verdict.problem is None
                else answer(request, verdict.problem)
            )
            for name, value in verdict.headers().items():
                response[name] = value
            return response

        return counted

    return decorate
