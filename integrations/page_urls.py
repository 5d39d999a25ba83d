"""Addresses of the console's room Settings."""

from django.urls import path

from integrations import pages
from integrations.credentials import pages as credentials

urlpatterns = [
    path("settings", pages.settings, name="settings"),
    path("settings/calendar/<slug:provider>/connect", pages.connect, name="settings-connect"),
    path(
        "settings/calendar/<slug:provider>/disconnect",
        pages.disconnect,
        name="settings-disconnect",
    ),
    path("settings/keys/<slug:provider>", credentials.keys, name="keys"),
    path("settings/keys/<slug:provider>/verify", credentials.verify, name="keys-verify"),
    path("settings/keys/<slug:provider>/delete", credentials.delete, name="keys-delete"),
]
