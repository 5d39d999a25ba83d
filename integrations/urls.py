"""Everything under /api/v1/integrations."""

from django.urls import include, path

urlpatterns = [
    path("integrations/", include("integrations.email.urls")),
    path("integrations/", include("integrations.calendar.urls")),
    path("integrations/", include("integrations.credentials.urls")),
]
