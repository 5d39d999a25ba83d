"""Addresses of the console's room Activity."""

from django.urls import path

from ava.activity import pages

urlpatterns = [
    path("activity", pages.activity, name="activity-page"),
    path("activity/<str:correlation_id>", pages.story, name="activity-story"),
]
