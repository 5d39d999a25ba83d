"""URL configuration: every address that AVA answers."""

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularSwaggerSplitView

from ava.http.schema import SchemaView
from ava.observability import health, metrics
from ava.ratelimit.views import limited

documentation = limited("documentation")
# Swagger UI's page brings a few rules of its own.
inline_style = csp_update({"style-src": [SELF, UNSAFE_INLINE]})
READ = {"http_method_names": ["get", "head"]}

# What is asked most often comes first: each address is compared with those before it.
urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("api/v1/auth/", include("ava.accounts.urls")),
    path("api/v1/", include("vapi_settings.urls")),
    path("api/v1/", include("telephony.urls")),
    path("api/v1/", include("integrations.urls")),
    path("api/v1/activity", include("ava.activity.urls")),
    path("oauth/", include("integrations.calendar.urls")),
    path("calendar.ics", include("integrations.calendar.events.urls")),
    path("", include("ava.console.urls")),
    path("", include("ava.accounts.page_urls")),
    path("", include("ava.activity.page_urls")),
    path("", include("integrations.page_urls")),
    path("", include("telephony.page_urls")),
    path("", include("vapi_settings.page_urls")),
    path(
        "favicon.ico",
        RedirectView.as_view(url=f"{settings.STATIC_URL}ava/icon.svg"),
        name="favicon",
    ),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("admin", RedirectView.as_view(pattern_name="admin:index"), name="admin"),
    path("admin/", admin.site.urls),
    path("api/schema", documentation(SchemaView.as_view()), name="schema"),
    path("api/docs", inline_style(SpectacularSwaggerSplitView.as_view(**READ)), name="docs"),
]

handler400 = "ava.http.responses.bad_request"
handler403 = "ava.http.responses.permission_denied"
handler404 = "ava.http.responses.not_found"
handler500 = "ava.http.responses.server_error"
