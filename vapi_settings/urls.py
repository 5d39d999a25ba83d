"""Addresses below /api/v1/vapi."""

from django.urls import path

from ava.inbound.door import view
from vapi_settings.api import AssistantViewSet, PhoneNumberViewSet, SettingViewSet
from vapi_settings.booking.api import BookingToolViewSet, InstallationViewSet
from vapi_settings.webhooks import LARGEST, VapiSource

KEY = "settings/<str:key>"
ENDPOINTS = (
    ("settings", SettingViewSet, {"get": "index"}, "settings"),
    (KEY, SettingViewSet, {"get": "retrieve", "put": "update"}, "setting"),
    (f"{KEY}/history", SettingViewSet, {"get": "history"}, "setting-history"),
    (f"{KEY}/revert", SettingViewSet, {"post": "revert"}, "setting-revert"),
    ("assistants", AssistantViewSet, {"get": "index"}, "assistants"),
    ("assistants/<str:assistant_id>", AssistantViewSet, {"get": "retrieve"}, "assistant"),
    ("booking-tool", BookingToolViewSet, {"get": "retrieve", "put": "update"}, "booking-tool"),
    (
        "booking-tool/installation",
        InstallationViewSet,
        {"get": "retrieve", "put": "update", "delete": "destroy"},
        "booking-tool-installation",
    ),
    ("phone-numbers", PhoneNumberViewSet, {"get": "index", "post": "create"}, "phone-numbers"),
)

urlpatterns = [
    *(
        path(f"vapi/{address}", viewset.as_view({**actions}), name=f"vapi-{name}")
        for address, viewset, actions, name in ENDPOINTS
    ),
    path("webhooks/vapi", view(VapiSource(), largest=LARGEST), name="vapi-webhook"),
]
