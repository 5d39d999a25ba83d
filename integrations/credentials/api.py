"""A user's credentials over REST: secrets go in and never come out."""

from typing import Any, ClassVar, cast

from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from ava.http.api import ApiViewSet
from ava.http.openapi import ProblemSerializer
from integrations.credentials import schemas, services
from integrations.credentials.models import CredentialChange
from integrations.credentials.providers import PROVIDERS


class _OfOneProvider(ApiViewSet):
    """The caller's own credentials for one provider; nobody else's can be named."""

    ratelimit_group = "integrations"
    provider: ClassVar[str] = ""

    def slug(self) -> str:
        """The provider of the class, else of the path.

        Raises:
            UnknownProvider: there is none of this name that takes credentials.
        """
        return services.typed_in(self.provider or self.kwargs["provider"]).slug


class CredentialsViewSet(_OfOneProvider):
    """Read, replace and forget."""

    def retrieve(self, request: Request, **_: str) -> Response:
        """What is stored, secrets masked. `source` tells whose credentials serve."""
        return self._described(self.slug())

    def update(self, request: Request, **_: str) -> Response:
        """Replace all fields. A secret sent as the mask it was shown with keeps its value; an
        optional field left out is removed."""
        slug = self.slug()
        services.save(
            user=self.caller,
            provider=slug,
            values=cast(dict[str, Any], request.data),  # AVA's parser gives nothing else
            actor=self.caller,
            source=CredentialChange.Source.API,
        )
        return self._described(slug)

    def destroy(self, request: Request, **_: str) -> Response:
        """Forget what is stored. Also 204 when there was nothing."""
        services.delete(
            user=self.caller,
            provider=self.slug(),
            actor=self.caller,
            source=CredentialChange.Source.API,
        )
        return Response(status=204)

    def _described(self, slug: str) -> Response:
        return _no_store(_shown(services.describe(user=self.caller, provider=slug)))


class VerificationViewSet(_OfOneProvider):
    """Ask the provider."""

    asks_providers = True

    def create(self, request: Request, **_: str) -> Response:
        """Ask the provider whether it takes the credentials. Stores nothing."""
        slug = self.slug()
        message = services.verify(user=self.caller, provider=slug)
        return _no_store({"provider": slug, "ok": True, "message": message})


def credentials_viewset(slug: str) -> type[CredentialsViewSet]:
    """The viewset of one provider, whose OpenAPI document names exactly its fields."""
    name = PROVIDERS[slug].name
    described = extend_schema_view(
        retrieve=extend_schema(
            operation_id=f"{slug}_credentials_read",
            summary=f"Your {name} credentials, masked",
            responses={200: schemas.response(slug)},
        ),
        update=extend_schema(
            operation_id=f"{slug}_credentials_replace",
            summary=f"Replace your {name} credentials",
            request={"application/json": schemas.request(slug)},
            responses={200: schemas.response(slug)},
        ),
        destroy=extend_schema(
            operation_id=f"{slug}_credentials_delete",
            summary=f"Forget your {name} credentials",
            responses={204: None},
        ),
    )
    members = {"provider": slug, "__doc__": CredentialsViewSet.__doc__}
    made: type[CredentialsViewSet] = described(
        type(f"{slug.title()}CredentialsViewSet", (CredentialsViewSet,), members)
    )
    return made


def verification_viewset(slug: str) -> type[VerificationViewSet]:
    """The viewset that asks one provider."""
    name = PROVIDERS[slug].name
    described = extend_schema_view(
        create=extend_schema(
            operation_id=f"{slug}_credentials_verify",
            summary=f"Ask {name} whether it takes your credentials",
            request=None,
            responses={
                200: schemas.VERIFIED,
                409: OpenApiResponse(ProblemSerializer, "AVA cannot ask this provider."),
            },
        )
    )
    members = {"provider": slug, "__doc__": VerificationViewSet.__doc__}
    made: type[VerificationViewSet] = described(
        type(f"{slug.title()}VerificationViewSet", (VerificationViewSet,), members)
    )
    return made


def _shown(description: services.Description) -> dict[str, Any]:
    webhooks = PROVIDERS[description.provider].webhooks
    return {
        "provider": description.provider,
        "configured": description.configured,
        "source": description.source,
        "readable": description.readable,
        "updated_at": description.updated_at,
        "warnings": description.warnings,
        **description.fields,
        **({"webhook_url": description.webhook_url} if webhooks else {}),
    }


def _no_store(body: dict[str, Any]) -> Response:
    return Response(body, headers={"Cache-Control": "no-store"})
