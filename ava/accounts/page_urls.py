"""Addresses of the console's pages about one's own account."""

from django.urls import path

from ava.accounts import pages

urlpatterns = [
    path("login", pages.login, name="login"),
    path("logout", pages.logout, name="logout"),
    path("settings/password", pages.password, name="password"),
    path("settings/tokens", pages.api_tokens, name="api-tokens"),
    path("settings/tokens/<uuid:token_id>/revoke", pages.revoke, name="api-token-revoke"),
]
