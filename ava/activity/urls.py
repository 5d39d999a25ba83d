"""Addresses below /api/v1/activity."""

from django.urls import path

from ava.activity.api import ActivityViewSet

urlpatterns = [
    path("", ActivityViewSet.as_view({"get": "list"}), name="activity"),
    path("/<str:correlation_id>", ActivityViewSet.as_view({"get": "retrieve"}), name="story"),
]
