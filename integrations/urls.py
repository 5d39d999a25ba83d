"""Everything under /api/v1/integrations."""

from django.urls import include, path

from integrations.api import IntegrationViewSet

urlpatterns = [
    path("integrations", IntegrationViewSet.as_view({"get": "list"}), name="integrations"),
    path("integrations/", include("integrations.email.urls")),
    path("integrations/", include("integrations.calendar.urls")),
    path("integrations/", include("integrations.credentials.urls")),
]
