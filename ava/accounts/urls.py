from django.urls import path

from ava.accounts.api import AccountViewSet, TokenViewSet

urlpatterns = [
    path("login", TokenViewSet.as_view({"post": "login"}), name="auth-login"),
    path("refresh", TokenViewSet.as_view({"post": "refresh"}), name="auth-refresh"),
    path("logout", AccountViewSet.as_view({"post": "logout"}), name="auth-logout"),
    path("me", AccountViewSet.as_view({"get": "me"}), name="auth-me"),
]
