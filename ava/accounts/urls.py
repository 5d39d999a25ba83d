from django.urls import path

from ava.accounts.api import AccountViewSet, ApiTokenViewSet, TokenViewSet

urlpatterns = [
    path("login", TokenViewSet.as_view({"post": "login"}), name="auth-login"),
    path("refresh", TokenViewSet.as_view({"post": "refresh"}), name="auth-refresh"),
    path("logout", AccountViewSet.as_view({"post": "logout"}), name="auth-logout"),
    path("me", AccountViewSet.as_view({"get": "me"}), name="auth-me"),
    path("tokens", ApiTokenViewSet.as_view({"get": "list", "post": "create"}), name="auth-tokens"),
    path(
        "tokens/<uuid:token_id>",
        ApiTokenViewSet.as_view({"delete": "destroy"}),
        name="auth-token",
    ),
]
