"""REST API of a user's credentials: secrets go in and never come out."""

from dataclasses import asdict
from typing import Any, ClassVar, cast

from rest_framework.request import Request
from rest_framework.response import Response

from ava.http.api import ApiViewSet
from ava.http.openapi import AvaSchema
from integrations.credentials import schemas, services
from integrations.credentials.providers import PROVIDERS

_OPERATIONS = {
    "retrieve": ("read", "Your {} credentials, masked"),
    "update": ("replace", "Replace your {} credentials"),
    "destroy": ("delete", "Forget your {} credentials"),
    "verify": ("verify", "Ask {} whether it takes your credentials"),
}


class CredentialsSchema(AvaSchema):
    view: Any

    def is_excluded(self) -> bool:
        return not self.view.provider

    def get_operation_id(self) -> str:
        return f"{self.view.provider}_credentials_{_OPERATIONS[self.view.action][0]}"

    def get_summary(self) -> str:
        return _OPERATIONS[self.view.action][1].format(PROVIDERS[self.view.provider].name)

    def get_request_serializer(self) -> Any:
        if self.view.action != "update":
            return None
        return {"application/json": schemas.request(self.view.provider)}

    def get_response_serializers(self) -> Any:
        match self.view.action:
            case "destroy":
                return {204: None}
            case "verify":
                return {200: schemas.VERIFIED}
        return {200: schemas.response(self.view.provider)}


class CredentialsViewSet(ApiViewSet):
    """The caller's own credentials for one provider, named by the URL configuration or the path."""

    schema = CredentialsSchema()
    ratelimit_group = "integrations"
    asks_providers = ("verify",)
    login_only = ("update", "destroy")
    headers_of_all = {"Cache-Control": "no-store"}
    provider: ClassVar[str] = ""

    @property
    def slug(self) -> str:
        return self.provider or str(self.kwargs["provider"])

    def retrieve(self, request: Request, **_: str) -> Response:
        """Stored credentials, secrets masked. `source` says whose credentials serve."""
        return _shown(services.describe(user=self.caller, provider=self.slug))

    def update(self, request: Request, **_: str) -> Response:
        """Replace all fields. A secret sent as the mask it was shown with keeps its value; an
        optional field left out is removed."""
        values = cast(dict[str, Any], request.data)  # AVA's parser gives nothing else
        row = services.save(user=self.caller, provider=self.slug, values=values)
        return _shown(services.describe(user=self.caller, provider=self.slug, row=row))

    def destroy(self, request: Request, **_: str) -> Response:
        """Forget what is stored. Also 204 when there was nothing."""
        services.delete(user=self.caller, provider=self.slug)
        return Response(status=204)

    def verify(self, request: Request, **_: str) -> Response:
        """Ask the provider whether it takes the credentials. Stores nothing."""
        message = services.verify(user=self.caller, provider=self.slug)
        return Response({"provider": self.slug, "ok": True, "message": message})


def _shown(description: services.Description) -> Response:
    shown = asdict(description)
    fields, url = shown.pop("fields"), shown.pop("webhook_url")
    if PROVIDERS[description.provider].webhooks:
        fields["webhook_url"] = url
    return Response({**shown, **fields})
