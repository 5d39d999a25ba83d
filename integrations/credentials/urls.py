"""/api/v1/integrations/{provider}/credentials"""

from typing import Any

from django.urls import URLPattern, path
from drf_spectacular.utils import extend_schema

from integrations.credentials.api import (
    CredentialsViewSet,
    VerificationViewSet,
    credentials_viewset,
    verification_viewset,
)
from integrations.credentials.providers import BY_FIELDS

_CREDENTIALS: dict[str, Any] = {"get": "retrieve", "put": "update", "delete": "destroy"}
_VERIFICATION: dict[str, Any] = {"post": "create"}


def _routes(
    provider: str, credentials: type[CredentialsViewSet], verification: type[VerificationViewSet]
) -> list[URLPattern]:
    return [
        path(f"{provider}/credentials", credentials.as_view(_CREDENTIALS), name="credentials"),
        path(
            f"{provider}/credentials/verify",
            verification.as_view(_VERIFICATION),
            name="credentials-verify",
        ),
    ]


@extend_schema(exclude=True)
class _OtherCredentials(CredentialsViewSet):
    """Answers for every other name: a 404 that says which providers there are."""


@extend_schema(exclude=True)
class _OtherVerification(VerificationViewSet):
    """Likewise."""


# Each provider has its own path, so that the OpenAPI document can tell its fields.
urlpatterns = [
    route
    for slug in BY_FIELDS
    for route in _routes(slug, credentials_viewset(slug), verification_viewset(slug))
]
urlpatterns += _routes("<str:provider>", _OtherCredentials, _OtherVerification)
