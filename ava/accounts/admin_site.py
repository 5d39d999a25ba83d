"""AVA's admin site: Django's, with a login form that does not take guesses without end."""

from http import HTTPStatus
from typing import Any

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest, HttpResponse
from django_ratelimit.core import get_usage

from ava import fleet, ratelimit
from ava.accounts import devices
from ava.accounts.errors import LoginSlowed
from ava.problems import RateLimited
from ava.responses import answer

GROUP = "admin_login"
# A minute, for each address, whatever it sends. Wrong passwords are counted by the form, exactly.
LIMIT = 10


class AvaAdminSite(admin.AdminSite):
    site_header = "AVA"
    site_title = "AVA"
    index_title = "Operations"

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
            devices.remember(response, account=request.user.get_username())
        return response


def _rate(group: str, request: HttpRequest) -> tuple[int, int]:
    """Requests and seconds. While Redis is lost each worker counts alone, and gives its share."""
    link = fleet.link()
    lost = link is not None and link.lost
    return (ratelimit.share(LIMIT) if lost else LIMIT, 60)


class AvaAdminConfig(AdminConfig):
    """In INSTALLED_APPS instead of `django.contrib.admin`."""

    default_site = "ava.accounts.admin_site.AvaAdminSite"
