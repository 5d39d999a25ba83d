"""Admin site: Django's, with a limit on password guesses at its login form.

Guesses slow down the account, but not the browsers that its owner has logged in on: they hold a
device cookie (`ava.accounts.devices`).
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django_ratelimit.core import get_usage

from ava import ratelimit, redis
from ava.accounts.devices import remember_device
from ava.accounts.errors import LoginSlowed
from ava.http.problems import RateLimited
from ava.http.responses import answer

GROUP = "admin_login"
# A minute, for each address, whatever it sends. Wrong passwords are counted by the form, exactly.
LIMIT = 10
ratelimit.introduce(GROUP, "client")


class Search(AutocompleteJsonView):
    def process_request(self, request: HttpRequest) -> Any:
        term, page, field, target = super().process_request(request)
        if field.auto_created:  # A relation backwards: no form has a box for it.
            raise PermissionDenied
        return term, page, field, target


class AvaAdminSite(admin.AdminSite):
    site_header = "AVA"
    site_title = "AVA"
    index_title = "Operations"
    site_url = None  # there is a link to the console

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The login form; 429 where an address or an account has to wait."""
        usage = get_usage(request, group=GROUP, key="ip", rate=_rate, method="POST", increment=True)
        if usage and usage["should_limit"]:
            ratelimit.refused(GROUP)
            return answer(request, RateLimited(retry_after=usage["time_left"]))
        try:
            response = super().login(request, extra_context)
        except LoginSlowed as problem:
            return answer(request, problem)
        if request.method == "POST" and response.status_code == HTTPStatus.FOUND:
            remember_device(response, account=request.user.get_username())
        return response

    def get_urls(self) -> list[Any]:
        """Django's, without "view on site", by which any staff could see which rows exist."""
        return [each for each in super().get_urls() if getattr(each, "name", "") != "view_on_site"]

    def autocomplete_view(self, request: HttpRequest) -> Any:
        return Search.as_view(admin_site=self)(request)

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """Django's, with 400 for values that the database cannot hold: they are no fault of
        AVA's."""

        @wraps(view)
        def within_bounds(request: HttpRequest, *args: Any, **more: Any) -> Any:
            try:
                return view(request, *args, **more)
            except (OverflowError, DataError) as fault:
                raise SuspiciousOperation("A value is out of bounds.") from fault

        return super().admin_view(within_bounds, cacheable)


def _rate(group: str, request: HttpRequest) -> tuple[int, int]:
    """Requests and seconds. While Redis is lost each worker counts alone, and gives its share."""
    link = redis.get_client()
    lost = link is not None and link.lost
    return (ratelimit.share(LIMIT) if lost else LIMIT, 60)


class AvaAdminConfig(AdminConfig):
    default_site = "ava.accounts.admin_site.AvaAdminSite"
