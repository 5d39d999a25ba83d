"""Addresses of the console that are no app's."""

from django.urls import path

from ava.console import pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("theme", pages.theme, name="theme"),
    path("styleguide", pages.styleguide, name="styleguide"),
]
