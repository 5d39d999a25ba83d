"""Addresses of the console's pages about one's own account."""

from django.urls import path

from ava.accounts import pages

urlpatterns = [
    path("login", pages.login, name="login"),
    path("logout", pages.logout, name="logout"),
    path("settings/password", pages.password, name="password"),
]
