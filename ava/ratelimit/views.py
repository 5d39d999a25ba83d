"""The rate limit for views that are not DRF's."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ava import ratelimit
from ava.http.responses import problem_response

View = Callable[..., HttpResponseBase]


def limited(group: str) -> Callable[[View], View]:
    """Count each request of the view against this group; beyond the limit it is not run."""

    def decorate(view: View) -> View:
        @wraps(view)
        def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            verdict = ratelimit.check(request, group)
            response = (
                view(request, *args, **kwargs)
                if verdict.problem is None
                else problem_response(verdict.problem)
            )
            for name, value in verdict.headers().items():
                response[name] = value
            return response

        return counted

    return decorate
