"""The OpenAPI document: what drf-spectacular cannot see by itself, such as the problems."""

from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from ava.http import correlation
from ava.http.problems import CONTENT_TYPE
from ava.ratelimit import group_of


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457, with a stable `code` and the correlation ID."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="A sentence for a person.")
    code = serializers.CharField(help_text="Stable; see docs/INTEGRATIONS.md.")
    correlation_id = serializers.CharField()
    retry_after = serializers.IntegerField(
        required=False, min_value=1, help_text="Seconds; where waiting helps."
    )
    errors = serializers.DictField(  # type: ignore[assignment]  # the member RFC 9457 calls so
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="Field name to sentences; where validation failed.",
    )


_MEANINGS = {
    "400": "The request is not valid, or credentials are missing.",
    "401": "Not logged in, or the provider refused the key (see `code`).",
    "403": "Not allowed, or not with this API token (see `code`).",
    "404": "There is no such object.",
    "405": "The address does not take this method.",
    "406": "None of the media types in Accept is offered.",
    "411": "The body has no length.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "429": "Too many requests.",
    "500": "A fault of AVA's own.",
    "502": "The provider did not answer.",
    "503": "The provider is unavailable or busy, or AVA cannot count requests (see `code`).",
}


class AvaSchema(AutoSchema):
    """drf-spectacular's schema, with AVA's problems and headers."""

    def get_override_parameters(self) -> list[Any]:
        return [
            OpenApiParameter(
                correlation.HEADER,
                str,
                OpenApiParameter.HEADER,
                description="Your ID for this request; comes back on the answer.",
            )
        ]

    def _get_request_for_media_type(
        self, serializer: Any, direction: Literal["request", "response"] = "request"
    ) -> tuple[Any, bool]:
        """A body given as plain JSON Schema is needed when one of its members is."""
        # The library's own method has no types.
        schema, required = super()._get_request_for_media_type(  # type: ignore[no-untyped-call]
            serializer, direction
        )
        if isinstance(serializer, dict):
            required = bool(serializer.get("required"))
        return schema, required

    def _get_response_bodies(
        self, direction: Literal["request", "response"] = "response"
    ) -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status in self._problem_statuses():
            problem = OpenApiResponse(ProblemSerializer, _MEANINGS[status])
            # The library's own method has no types.
            body = self._get_response_for_code(  # type: ignore[no-untyped-call]
                problem, status, [CONTENT_TYPE], direction
            )
            bodies.setdefault(status, body)
        return dict(sorted(bodies.items()))

    def _problem_statuses(self) -> list[str]:
        statuses = ["400", "401", "404", "405", "406", "500"]
        if self.method in ("POST", "PUT", "PATCH"):
            statuses += ["411", "413", "415"]
        if self.method != "GET" and self.view.get_authenticators():
            statuses.append("403")
        group = getattr(self.view, "ratelimit_group", None)
        if group:
            statuses.append("429")
        if self._asks_providers():
            statuses += ["502", "503"]
        elif group and group_of(group).when_lost == "closed":
            statuses.append("503")
        return statuses

    def _asks_providers(self) -> bool:
        asks = getattr(self.view, "asks_providers", False)
        return asks if isinstance(asks, bool) else getattr(self.view, "action", None) in asks


def say_that_null_is_absent(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: members of a body that may be left out may be null, too."""
    for operations in result["paths"].values():
        for operation in operations.values():
            for media in operation.get("requestBody", {}).get("content", {}).values():
                _allow_null(media["schema"], result["components"]["schemas"])
    return result


def _allow_null(schema: dict[str, Any], components: dict[str, Any]) -> None:
    if "$ref" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    if "items" in schema:
        _allow_null(schema["items"], components)
    if schema.get("additionalProperties") is False:
        schema["additionalProperties"] = {"type": "null"}
    for name, member in schema.get("properties", {}).items():
        _allow_null(member, components)
        if name not in schema.get("required", ()):
            schema["properties"][name] = _or_null(member)


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema or "allOf" in schema:
        return {"oneOf": [schema, {"type": "null"}]}
    if not isinstance(schema.get("type"), str):
        return schema  # null already, or anything at all
    if "enum" in schema:
        schema = {**schema, "enum": [*schema["enum"], None]}
    return {**schema, "type": [schema["type"], "null"]}


class AccessTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library's
    target_class = "ava.accounts.authentication.AccessTokenAuthentication"
    name = "accessToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "Access token of a login (a JWT), or personal API token (ava_...).",
        }
