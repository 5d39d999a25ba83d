"""Everything under /api/v1/integrations/email."""

from django.urls import path

from integrations.email.api import EmailViewSet

urlpatterns = [
    path("email/test", EmailViewSet.as_view({"post": "test"}), name="email-test"),
]
