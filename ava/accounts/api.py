"""REST API of logins, the caller's account and personal API tokens."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from ava.accounts import api_tokens, services
from ava.accounts.models import Session
from ava.accounts.serializers import (
    AccountSerializer,
    ApiTokenSerializer,
    CredentialsSerializer,
    LoginSerializer,
    MadeApiTokenSerializer,
    NewApiTokenSerializer,
    RefreshSerializer,
    TokensSerializer,
)
from ava.http import clients
from ava.http.api import ApiViewSet
from ava.http.openapi import ProblemSerializer
from ava.http.problems import CONTENT_TYPE
from ava.http.responses import NEVER_KEPT
from ava.server.environ import received_at

# Written as they are held: a serializer would be a third of the answer's cost.
ACCOUNT = tuple(AccountSerializer().fields)


class TokenViewSet(ApiViewSet):
    ratelimit_group = "auth"
    headers_of_all = NEVER_KEPT
    largest_body = 16 * 1024
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="auth_login",
        summary="Log in",
        description="Repeated wrong passwords are answered with 429 for a growing time.",
        request=CredentialsSerializer,
        responses=LoginSerializer,
    )
    def login(self, request: Request) -> Response:
        given = CredentialsSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user, tokens = services.log_in(
            **given.validated_data, network=clients.network(request._request)
        )
        return Response(LoginSerializer({**asdict(tokens), "user": user}).data)

    @extend_schema(
        operation_id="auth_refresh",
        summary="Swap a refresh token for new tokens",
        description="A refresh token works once. Using one again ends its login for everybody. "
        "Of several requests at once one gets new tokens, the others `refresh_raced`.",
        request=RefreshSerializer,
        responses=TokensSerializer,
    )
    def refresh(self, request: Request) -> Response:
        given = RefreshSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        tokens = services.refresh_session(**given.validated_data, arrived=received_at(request))
        return Response(TokensSerializer(asdict(tokens)).data)


class AccountViewSet(ApiViewSet):
    ratelimit_group = "auth"
    headers_of_all = NEVER_KEPT
    login_only = ("logout",)

    @extend_schema(
        operation_id="auth_logout",
        summary="Log out",
        description="Ends this login: its access and refresh tokens are refused from now on.",
        request=None,
        responses={204: None},
    )
    def logout(self, request: Request) -> Response:
        services.log_out(session=_login(request))
        return Response(status=204)

    @extend_schema(operation_id="auth_me", summary="Who am I", responses=AccountSerializer)
    def me(self, request: Request) -> Response:
        return Response({name: getattr(request.user, name) for name in ACCOUNT})


class ApiTokenViewSet(ApiViewSet):
    """The caller's personal API tokens, for scripts."""

    ratelimit_group = "auth"
    headers_of_all = NEVER_KEPT
    login_only = ("create", "destroy")
    serializer_class = ApiTokenSerializer

    @extend_schema(operation_id="auth_tokens", summary="List your API tokens")
    def list(self, request: Request) -> Response:
        """Those that are not revoked, the newest first."""
        page: Any = self.paginate_queryset(api_tokens.tokens_of(self.caller))
        return self.get_paginated_response(ApiTokenSerializer(page, many=True).data)

    @extend_schema(
        operation_id="auth_token_create",
        summary="Make an API token",
        description="For a login of the last 15 minutes. The answer alone shows the token.",
        request=NewApiTokenSerializer,
        responses={201: MadeApiTokenSerializer, (409, CONTENT_TYPE): ProblemSerializer},
    )
    def create(self, request: Request) -> Response:
        given = NewApiTokenSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        row, token = api_tokens.create(
            user=self.caller,
            proven_at=_login(request).created_at,
            **given.validated_data,
            network=clients.network(request._request),
            now=timezone.now(),
        )
        return Response({**ApiTokenSerializer(row).data, "token": token}, status=201)

    @extend_schema(
        operation_id="auth_token_revoke",
        summary="Revoke an API token",
        responses={204: None},
    )
    def destroy(self, request: Request, token_id: UUID) -> Response:
        """It is refused from now on."""
        api_tokens.revoke_one(user=self.caller, token_id=token_id)
        return Response(status=204)


def _login(request: Request) -> Session:
    """The session of the request. Only in actions of `login_only`."""
    assert isinstance(request.auth, Session)  # noqa: S101 - narrows the type
    return request.auth
