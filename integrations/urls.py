from functools import partial

from django.urls import path

from ava.inbound.door import view
from integrations.api import IntegrationViewSet
from integrations.calendar.connection_api import ConnectionViewSet
from integrations.calendar.events.api import EventViewSet, FeedViewSet
from integrations.credentials.api import CredentialsViewSet
from integrations.credentials.providers import BY_FIELDS
from integrations.email.api import EmailViewSet, MailViewSet, TemplateViewSet
from integrations.email.summaries.api import SummariesViewSet
from integrations.email.suppressions.api import SuppressionViewSet
from integrations.email.webhooks import ResendSource

urlpatterns = [
    path("integrations", IntegrationViewSet.as_view({"get": "list"}), name="integrations"),
    path("integrations/email/test", EmailViewSet.as_view({"post": "test"}), name="email-test"),
    path(
        "integrations/email/messages",
        MailViewSet.as_view({"get": "list", "post": "create"}),
        name="email-messages",
    ),
    path(
        "integrations/email/messages/<uuid:mail_id>",
        MailViewSet.as_view({"get": "retrieve"}),
        name="email-message",
    ),
    path("webhooks/resend", view(ResendSource()), name="resend-webhook"),
    path(
        "integrations/email/templates",
        TemplateViewSet.as_view({"get": "list"}),
        name="email-templates",
    ),
    path(
        "integrations/email/templates/<str:name>",
        TemplateViewSet.as_view({"get": "retrieve"}),
        name="email-template",
    ),
    path(
        "integrations/email/summaries",
        SummariesViewSet.as_view({"get": "retrieve", "put": "update"}),
        name="email-summaries",
    ),
    path(
        "integrations/email/suppressions",
        SuppressionViewSet.as_view({"get": "list", "post": "create"}),
        name="email-suppressions",
    ),
    path(
        "integrations/email/suppressions/<path:address>",
        SuppressionViewSet.as_view({"delete": "destroy"}),
        name="email-suppression",
    ),
    path(
        "integrations/calendar/feed",
        FeedViewSet.as_view({"post": "create", "delete": "destroy"}),
        name="calendar-feed-address",
    ),
    path(
        "integrations/calendar/<str:provider>/events",
        EventViewSet.as_view({"get": "index", "post": "create"}),
        name="calendar-events",
    ),
    path(
        "integrations/calendar/<str:provider>/events/<str:event_id>",
        EventViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
        name="calendar-event",
    ),
    path(
        "integrations/calendar/<str:provider>/free-busy",
        EventViewSet.as_view({"get": "free_busy"}),
        name="calendar-free-busy",
    ),
    path(
        "integrations/calendar/<str:provider>",
        ConnectionViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
        name="calendar-connection",
    ),
    path(
        "integrations/calendar/<str:provider>/connect",
        ConnectionViewSet.as_view({"post": "connect"}),
        name="calendar-connect",
    ),
]
# Each provider has its own path, so that the OpenAPI document can name its fields. Any other name
# is answered with a 404 that says which providers there are.
for _slug in (*BY_FIELDS, "<str:provider>"):
    _address = f"integrations/{_slug}/credentials"
    _view = partial(CredentialsViewSet.as_view, provider=_slug if _slug in BY_FIELDS else "")
    urlpatterns += [
        path(
            _address,
            _view({"get": "retrieve", "put": "update", "delete": "destroy"}),
            name="credentials",
        ),
        path(f"{_address}/verify", _view({"post": "verify"}), name="credentials-verify"),
    ]
