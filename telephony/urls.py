"""Everything under /api/v1/twilio."""

from django.urls import path

from telephony.api import NumberViewSet

urlpatterns = [
    path("twilio/numbers", NumberViewSet.as_view({"get": "numbers"}), name="twilio-numbers"),
]
