"""Addresses of the console's room Assistants, and of the booking tool in the room Calendar."""

from django.urls import path

from vapi_settings import pages
from vapi_settings.booking import pages as booking

urlpatterns = [
    path("vapi", pages.index, name="vapi"),
    path("vapi/<slug:key>", pages.setting, name="vapi-setting"),
    path("vapi/<slug:key>/revert", pages.revert, name="vapi-revert"),
    path("calendar/booking-tool", booking.tool, name="booking-tool"),
    path("calendar/booking-tool/install", booking.install, name="booking-tool-install"),
    path("calendar/booking-tool/remove", booking.remove, name="booking-tool-remove"),
]
