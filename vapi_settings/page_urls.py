"""Addresses of the console's room Assistants: the settings of one assistant."""

from django.urls import path

from vapi_settings import pages

urlpatterns = [
    path("vapi", pages.index, name="vapi"),
    path("vapi/<slug:key>", pages.setting, name="vapi-setting"),
    path("vapi/<slug:key>/revert", pages.revert, name="vapi-revert"),
]
