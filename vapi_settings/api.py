"""/api/v1/vapi: find what is meant, make one call, serialise."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as fields
from rest_framework.request import Request
from rest_framework.response import Response

from ava.http import clients
from ava.http.api import ApiViewSet
from ava.http.problems import CONTENT_TYPE
from vapi_settings import hits, importing, queries, serializers, services
from vapi_settings.answers import about, conditional, wants_reload
from vapi_settings.etags import etag
from vapi_settings.models import Revision
from vapi_settings.schemas import (
    AMBIGUOUS,
    ASSISTANT,
    ASSISTANT_IN_PATH,
    CHANGED_BEFORE,
    CLASHES,
    CUSTOM,
    GIVES_AGE,
    GIVES_ETAG,
    IF_MATCH,
    IF_NONE_MATCH,
    KEY,
    NOT_CONFIRMED,
    NOT_IMPORTED,
    PAGE,
    RELOAD,
    SEARCH,
    UNCHANGED,
)


class VapiViewSet(ApiViewSet):
    """What all of Vapi's endpoints share."""

    ratelimit_group = "vapi"
    asks_providers = True


class SettingViewSet(VapiViewSet):
    """The settings of one assistant."""

    serializer_class = serializers.SettingSerializer

    @extend_schema(
        operation_id="vapi_settings",
        parameters=[ASSISTANT, SEARCH, CUSTOM, RELOAD, IF_NONE_MATCH, GIVES_ETAG, GIVES_AGE],
        responses={
            200: serializers.SettingsSerializer,
            304: UNCHANGED,
            (409, CONTENT_TYPE): AMBIGUOUS,
        },
    )
    def index(self, request: Request) -> HttpResponse:
        """All settings of one assistant, the standard ones first."""
        user, reload = self.caller, wants_reload(request)
        assistant_id = request.query_params.get("assistant_id")
        is_whole = request.query_params.keys() <= {"assistant_id"}
        if is_whole and not reload and (ready := hits.find(user, assistant_id)):
            return ready.answer(request)
        custom = _flag(request, "custom")
        found, copy = queries.settings(user=user, assistant_id=assistant_id, reload=reload)
        wanted = queries.matching(
            found, search=request.query_params.get("search", ""), custom=custom
        )
        body = {
            "settings": serializers.SettingSerializer(wanted, many=True).data,
            "assistant": serializers.BriefSerializer(copy.value.assistant.summary).data,
        }
        tag = etag(body)
        if is_whole:
            hits.keep(user, assistant_id, copy, body, tag)
        return conditional(request, body, copy, tag=tag)

    @extend_schema(
        operation_id="vapi_setting",
        parameters=[KEY, ASSISTANT, RELOAD, IF_NONE_MATCH, GIVES_ETAG, GIVES_AGE],
        responses={
            200: serializers.OneSettingSerializer,
            304: UNCHANGED,
            (409, CONTENT_TYPE): AMBIGUOUS,
        },
    )
    def retrieve(self, request: Request, key: str) -> Response:
        """One setting."""
        view, copy = queries.setting(
            user=self.caller,
            key=key,
            assistant_id=request.query_params.get("assistant_id"),
            reload=wants_reload(request),
        )
        return conditional(request, _body(view), copy, tag=view.etag)

    @extend_schema(
        operation_id="vapi_setting_change",
        parameters=[KEY, ASSISTANT, IF_MATCH, GIVES_ETAG],
        request=serializers.ChangeSerializer,
        responses={
            200: serializers.ChangedSettingSerializer,
            (409, CONTENT_TYPE): CLASHES,
            (412, CONTENT_TYPE): CHANGED_BEFORE,
        },
    )
    def update(self, request: Request, key: str) -> Response:
        """Change one setting, and nothing else in the assistant; a custom one is created."""
        body = serializers.ChangeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        view = services.change_setting(
            user=self.caller,
            key=key,
            value=body.validated_data["value"],
            source=Revision.Source.API,
            assistant_id=request.query_params.get("assistant_id"),
            if_match=request.headers.get("If-Match"),
        )
        return Response(_body(view), headers={"ETag": view.etag})

    @extend_schema(
        operation_id="vapi_setting_history",
        parameters=[KEY, ASSISTANT, *PAGE],
        responses={
            200: serializers.HistoryPageSerializer,
            (409, CONTENT_TYPE): AMBIGUOUS,
        },
    )
    def history(self, request: Request, key: str) -> Response:
        """What became of a setting, the newest first; the value first found is the oldest."""
        rows = queries.history(
            user=self.caller,
            key=key,
            assistant_id=request.query_params.get("assistant_id"),
        )
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(serializers.RevisionSerializer(page, many=True).data)

    @extend_schema(
        operation_id="vapi_setting_revert",
        parameters=[KEY, ASSISTANT, IF_MATCH],
        request=serializers.RevertSerializer,
        responses={
            200: serializers.RevertedSettingSerializer,
            (409, CONTENT_TYPE): CLASHES,
            (412, CONTENT_TYPE): CHANGED_BEFORE,
        },
    )
    def revert(self, request: Request, key: str) -> Response:
        """Put back the value that the setting had after a revision."""
        body = serializers.RevertSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        view = services.revert_setting(
            user=self.caller,
            key=key,
            revision=body.validated_data["revision"],
            assistant_id=request.query_params.get("assistant_id"),
            if_match=request.headers.get("If-Match"),
        )
        if view is None:
            return Response({"setting": None})
        return Response(_body(view), headers={"ETag": view.etag})


class AssistantViewSet(VapiViewSet):
    """The user's assistants at Vapi."""

    serializer_class = serializers.AssistantSerializer

    @extend_schema(
        operation_id="vapi_assistants",
        parameters=[SEARCH, *PAGE, RELOAD, GIVES_AGE],
        responses={200: serializers.AssistantPageSerializer},
    )
    def index(self, request: Request) -> Response:
        """The newest first; at most the newest thousand."""
        copy = queries.assistants(
            user=self.caller,
            search=request.query_params.get("search", ""),
            reload=wants_reload(request),
        )
        page = self.paginate_queryset(copy.value)
        answer = self.get_paginated_response(serializers.AssistantSerializer(page, many=True).data)
        return about(copy, answer)

    @extend_schema(
        operation_id="vapi_assistant",
        parameters=[ASSISTANT_IN_PATH, RELOAD, GIVES_AGE],
        responses={200: serializers.OneAssistantSerializer},
    )
    def retrieve(self, request: Request, assistant_id: str) -> Response:
        """One assistant."""
        copy = queries.assistant(
            user=self.caller, assistant_id=assistant_id, reload=wants_reload(request)
        )
        summary = copy.value.assistant.summary
        return about(copy, Response(serializers.AssistantSerializer(summary).data))


class PhoneNumberViewSet(VapiViewSet):
    """The user's phone numbers at Vapi, without the secrets that Vapi sends along."""

    serializer_class = serializers.PhoneNumberSerializer

    @extend_schema(
        operation_id="vapi_phone_numbers",
        parameters=[SEARCH, *PAGE, RELOAD, GIVES_AGE],
        responses={200: serializers.PhoneNumberPageSerializer},
    )
    def index(self, request: Request) -> Response:
        """The newest first; at most the newest thousand."""
        copy = queries.phone_numbers(
            user=self.caller,
            search=request.query_params.get("search", ""),
            reload=wants_reload(request),
        )
        page = self.paginate_queryset(copy.value)
        answer = self.get_paginated_response(
            serializers.PhoneNumberSerializer(page, many=True).data
        )
        return about(copy, answer)

    @extend_schema(
        operation_id="vapi_phone_number_import",
        request=serializers.ImportSerializer,
        responses={
            201: serializers.PhoneNumberSerializer,
            (403, CONTENT_TYPE): NOT_CONFIRMED,
            (409, CONTENT_TYPE): NOT_IMPORTED,
        },
    )
    def create(self, request: Request) -> Response:
        """Let Vapi use a number of your Twilio account, and answer the calls to it."""
        body = serializers.ImportSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        found = importing.import_number(
            user=self.caller,
            number=asked["number"],
            assistant_id=asked.get("assistant_id"),
            name=asked["name"],
            password=asked["password"],
            network=clients.network(request._request),
        )
        return Response(serializers.PhoneNumberSerializer(found).data, status=201)


def _body(view: queries.View) -> dict[str, Any]:
    return {"setting": serializers.SettingSerializer(view).data}


def _flag(request: Request, name: str) -> bool | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    if text not in ("true", "false"):
        raise fields.ValidationError({name: ["must be true or false."]})
    return text == "true"
