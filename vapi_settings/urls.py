"""Everything under /api/v1/vapi."""

from django.urls import URLPattern, URLResolver, path

from ava.inbound.door import view
from vapi_settings.api import AssistantViewSet, PhoneNumberViewSet, SettingViewSet
from vapi_settings.webhooks import LARGEST, VapiSource

urlpatterns: list[URLPattern | URLResolver] = [
    path("vapi/settings", SettingViewSet.as_view({"get": "index"}), name="vapi-settings"),
    path(
        "vapi/settings/<str:key>",
        SettingViewSet.as_view({"get": "retrieve", "put": "update"}),
        name="vapi-setting",
    ),
    path(
        "vapi/settings/<str:key>/history",
        SettingViewSet.as_view({"get": "history"}),
        name="vapi-setting-history",
    ),
    path(
        "vapi/settings/<str:key>/revert",
        SettingViewSet.as_view({"post": "revert"}),
        name="vapi-setting-revert",
    ),
    path("vapi/assistants", AssistantViewSet.as_view({"get": "index"}), name="vapi-assistants"),
    path(
        "vapi/assistants/<str:assistant_id>",
        AssistantViewSet.as_view({"get": "retrieve"}),
        name="vapi-assistant",
    ),
    path(
        "vapi/phone-numbers",
        PhoneNumberViewSet.as_view({"get": "index", "post": "create"}),
        name="vapi-phone-numbers",
    ),
    path("webhooks/vapi", view(VapiSource(), largest=LARGEST), name="vapi-webhook"),
]
