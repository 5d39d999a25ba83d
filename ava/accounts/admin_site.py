"""AVA's admin site: Django's, with a login form that does not take guesses without end."""

from typing import Any, NamedTuple

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest, HttpResponse
from django_ratelimit.core import get_usage

from ava import ratelimit
from ava.problems import RateLimited
from ava.responses import answer

GROUP = "admin_login"


class Quota(NamedTuple):
    """django-ratelimit's words: what is counted, and how many of it in which time."""

    key: str
    rate: str


# In this order, and the first that is used up ends it: one address alone cannot use up what an
# operator's account has, and so cannot keep the operator out.
QUOTAS = (Quota("ip", "10/m"), Quota("post:username", "20/m"))


class AvaAdminSite(admin.AdminSite):
    site_header = "AVA"
    site_title = "AVA"
    index_title = "Operations"

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The login form; 429 where a quota is used up."""
        for quota in QUOTAS:
            usage = get_usage(
                request,
                group=f"{GROUP}:{quota.key}",
                key=quota.key,
                rate=quota.rate,
                method="POST",
                increment=True,
            )
            if usage and usage["should_limit"]:
                ratelimit.refused(GROUP)
                return answer(request, RateLimited(retry_after=usage["time_left"]))
        return super().login(request, extra_context)


class AvaAdminConfig(AdminConfig):
    """In INSTALLED_APPS instead of `django.contrib.admin`."""

    default_site = "ava.accounts.admin_site.AvaAdminSite"
