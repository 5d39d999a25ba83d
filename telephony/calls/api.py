"""/api/v1/twilio/calls."""

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ava.http.keyset import KeysetPagination
from ava.idempotency.api import IDEMPOTENCY_KEY, answer
from ava.idempotency.services import Reply
from ava.intents.timeline import with_timelines
from telephony.api import CLASHES, NOT_TWICE, TwilioViewSet, status_of
from telephony.calls import queries, services
from telephony.calls.serializers import (
    CallFiltersSerializer,
    CallSerializer,
    ListedCallSerializer,
    NewCallSerializer,
)


class CallViewSet(TwilioViewSet):
    """The user's calls."""

    serializer_class = CallSerializer
    asks_providers = ("create", "hang_up")
    pagination_class = KeysetPagination

    @extend_schema(
        operation_id="twilio_calls",
        parameters=[CallFiltersSerializer],
        responses=ListedCallSerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        """The newest first, without their transcripts."""
        filters = self.filters(request, CallFiltersSerializer)
        found: Any = queries.calls(user=self.caller, filters=filters)
        page = with_timelines(self.paginate_queryset(found) or [])
        return self.get_paginated_response(ListedCallSerializer(page, many=True).data)

    @extend_schema(
        operation_id="twilio_call_place",
        parameters=[IDEMPOTENCY_KEY],
        request=NewCallSerializer,
        responses={201: CallSerializer, 202: CallSerializer, **NOT_TWICE},
    )
    def create(self, request: Request) -> Response:
        """Place a call. 202: the provider gave no answer; AVA is finding out."""
        wanted = NewCallSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)

        def act(row: uuid.UUID | None) -> Reply:
            call = services.place_call(user=self.caller, idempotency=row, **wanted.validated_data)
            return Reply(status_of(call), CallSerializer(call).data)

        return answer(request, scope="twilio.calls", act=act)

    @extend_schema(operation_id="twilio_call", responses={200: CallSerializer})
    def retrieve(self, request: Request, call_id: uuid.UUID) -> Response:
        """One call, with its timeline."""
        return Response(CallSerializer(queries.call(user=self.caller, call_id=call_id)).data)

    @extend_schema(
        operation_id="twilio_call_hang_up",
        request=None,
        responses={200: CallSerializer, 202: CallSerializer, **CLASHES},
    )
    def hang_up(self, request: Request, call_id: uuid.UUID) -> Response:
        """End a call, or take back one that is for later. 202: it will be, once AVA has found
        it, or once the provider says so."""
        call = services.hang_up(queries.call(user=self.caller, call_id=call_id))
        return Response(CallSerializer(call).data, status=200 if call.is_final else 202)
