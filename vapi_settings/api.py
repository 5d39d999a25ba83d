"""/api/v1/vapi: find what is meant, make one call, serialise."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as fields
from rest_framework.request import Request
from rest_framework.response import Response

from ava.cache import Copy
from ava.http import clients
from ava.http.api import ApiViewSet
from ava.http.keyset import KeysetPagination
from vapi_settings import catalogue, importing, queries, schemas, serializers, services
from vapi_settings.answers import (
    conditional,
    keep_ready,
    made_before,
    ready,
    wants_reload,
    with_age,
)
from vapi_settings.diff import etag
from vapi_settings.models import Revision


class VapiViewSet(ApiViewSet):
    """Base of Vapi's endpoints."""

    ratelimit_group = "vapi"
    asks_providers = True

    @property
    def assistant_id(self) -> str | None:
        """The assistant that the address names."""
        return self.request.query_params.get("assistant_id")

    @property
    def search(self) -> str:
        return self.request.query_params.get("search", "")

    def page(self, copy: Copy[list[Any]]) -> Response:
        """The answer with one page of a copy."""
        page = self.get_serializer(self.paginate_queryset(copy.value), many=True)
        return with_age(copy, self.get_paginated_response(page.data))


class SettingViewSet(VapiViewSet):
    """The settings of one assistant."""

    null_is_a_value = ("value",)
    serializer_class = serializers.SettingSerializer
    pagination_class = KeysetPagination  # of the history

    @extend_schema(
        operation_id="vapi_settings",
        parameters=[schemas.ASSISTANT, schemas.SEARCH, schemas.CUSTOM, *schemas.CONDITIONAL],
        responses={
            200: serializers.SettingsSerializer,
            **schemas.UNCHANGED,
            **schemas.AMBIGUOUS,
        },
    )
    def index(self, request: Request) -> HttpResponse:
        """All settings of one assistant, the standard ones first."""
        user, reload = self.caller, wants_reload(request)
        assistant_id = request.query_params.get("assistant_id")
        is_whole = request.query_params.keys() <= {"assistant_id"}
        if is_whole and not reload and (hit := ready(request, user, assistant_id)):
            return hit
        custom = _flag(request, "custom")
        copy = queries.assistant(user=user, assistant_id=assistant_id, reload=reload)
        if is_whole and (same := made_before(request, user, assistant_id, copy)):
            return same
        found = queries.settings(copy)
        wanted = queries.matching(found, search=self.search, custom=custom)
        body = {
            "settings": serializers.SettingSerializer(wanted, many=True).data,
            "assistant": serializers.BriefSerializer(copy.value.assistant.summary).data,
        }
        tag = etag(body)
        if is_whole:
            keep_ready(user, assistant_id, copy, body, tag)
        return conditional(request, body, copy, tag=tag)

    @extend_schema(
        operation_id="vapi_setting",
        parameters=[schemas.KEY, schemas.ASSISTANT, *schemas.CONDITIONAL],
        responses={
            200: serializers.OneSettingSerializer,
            **schemas.UNCHANGED,
            **schemas.AMBIGUOUS,
        },
    )
    def retrieve(self, request: Request, key: str) -> Response:
        """One setting."""
        view, copy = queries.setting(
            user=self.caller,
            key=key,
            assistant_id=self.assistant_id,
            reload=wants_reload(request),
        )
        return conditional(request, _body(view), copy, tag=view.etag)

    @extend_schema(
        operation_id="vapi_setting_change",
        parameters=[schemas.KEY, schemas.ASSISTANT, schemas.IF_MATCH, schemas.ETAG],
        request=serializers.ChangeSerializer,
        responses={200: serializers.OneSettingSerializer, **schemas.CLASHES},
    )
    def update(self, request: Request, key: str) -> Response:
        """Change one setting, and nothing else in the assistant; a custom one is created."""
        view = services.change_setting(
            user=self.caller,
            key=key,
            value=_valid(serializers.ChangeSerializer, request)["value"],
            source=Revision.Source.API,
            assistant_id=self.assistant_id,
            if_match=request.headers.get("If-Match"),
        )
        return Response(_body(view), headers={"ETag": view.etag})

    @extend_schema(
        operation_id="vapi_setting_history",
        parameters=[schemas.KEY, schemas.ASSISTANT, *schemas.PAGE],
        responses={200: serializers.RevisionSerializer(many=True), **schemas.AMBIGUOUS},
    )
    def history(self, request: Request, key: str) -> Response:
        """The revisions of a setting, the newest first; the value first found is the oldest."""
        rows = queries.history(user=self.caller, key=key, assistant_id=self.assistant_id)
        page: Any = self.paginate_queryset(rows)
        return self.get_paginated_response(serializers.RevisionSerializer(page, many=True).data)

    @extend_schema(
        operation_id="vapi_setting_revert",
        parameters=[schemas.KEY, schemas.ASSISTANT, schemas.IF_MATCH],
        request=serializers.RevertSerializer,
        responses={200: serializers.RevertedSettingSerializer, **schemas.CLASHES},
    )
    def revert(self, request: Request, key: str) -> Response:
        """Put back the value that the setting had after a revision."""
        view = services.revert_setting(
            user=self.caller,
            key=key,
            revision=_valid(serializers.RevertSerializer, request)["revision"],
            assistant_id=self.assistant_id,
            if_match=request.headers.get("If-Match"),
        )
        if view is None:
            return Response({"setting": None})
        return Response(_body(view), headers={"ETag": view.etag})


class AssistantViewSet(VapiViewSet):
    """The user's assistants at Vapi."""

    serializer_class = serializers.AssistantSerializer
    pagination_class = schemas.CopyPagination

    @extend_schema(
        operation_id="vapi_assistants",
        parameters=[schemas.SEARCH, *schemas.COPY],
        responses={200: serializers.AssistantSerializer(many=True)},
    )
    def index(self, request: Request) -> Response:
        """The newest first; at most the newest thousand."""
        reload = wants_reload(request)
        return self.page(queries.assistants(user=self.caller, search=self.search, reload=reload))

    @extend_schema(
        operation_id="vapi_assistant",
        parameters=[schemas.ASSISTANT_IN_PATH, *schemas.COPY],
        responses={200: serializers.OneAssistantSerializer},
    )
    def retrieve(self, request: Request, assistant_id: str) -> Response:
        """One assistant."""
        reload = wants_reload(request)
        copy = queries.assistant(user=self.caller, assistant_id=assistant_id, reload=reload)
        summary = copy.value.assistant.summary
        return with_age(copy, Response(serializers.AssistantSerializer(summary).data))


class PhoneNumberViewSet(VapiViewSet):
    """The user's phone numbers at Vapi, without the secrets that Vapi sends along."""

    serializer_class = serializers.PhoneNumberSerializer
    pagination_class = schemas.CopyPagination

    @extend_schema(
        operation_id="vapi_phone_numbers",
        parameters=[schemas.SEARCH, *schemas.COPY],
        responses={200: serializers.PhoneNumberSerializer(many=True)},
    )
    def index(self, request: Request) -> Response:
        """The newest first; at most the newest thousand."""
        reload = wants_reload(request)
        return self.page(queries.phone_numbers(user=self.caller, search=self.search, reload=reload))

    @extend_schema(
        operation_id="vapi_phone_number_import",
        request=serializers.ImportSerializer,
        responses={201: serializers.PhoneNumberSerializer, **schemas.NOT_IMPORTED},
    )
    def create(self, request: Request) -> Response:
        """Import a number of your Twilio account into Vapi, which then answers the calls to it."""
        body = _valid(serializers.ImportSerializer, request)
        body.pop("replace_voice_url")
        network = clients.network(request._request)
        found = importing.import_number(user=self.caller, **body, network=network)
        return Response(serializers.PhoneNumberSerializer(found).data, status=201)


def _valid(serializer: type[fields.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The request's body. Raises: ValidationError."""
    body = serializer(data=request.data)
    body.is_valid(raise_exception=True)
    valid: dict[str, Any] = body.validated_data
    return valid


def _body(setting: catalogue.Setting) -> dict[str, Any]:
    return {"setting": serializers.SettingSerializer(setting).data}


def _flag(request: Request, name: str) -> bool | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    if text not in ("true", "false"):
        raise fields.ValidationError({name: ["must be true or false."]})
    return text == "true"
