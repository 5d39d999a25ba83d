"""/api/v1/twilio/messages, and batches of them at /api/v1/twilio/messages/bulk."""

import uuid
from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ava.http.keyset import KeysetPagination
from ava.idempotency.api import IDEMPOTENCY_KEY, answer
from ava.idempotency.services import Reply
from ava.intents.timeline import with_timelines
from telephony.api import CLASHES, NOT_TWICE, TwilioViewSet, status_of
from telephony.messages import bulk, queries, services
from telephony.messages.models import Batch
from telephony.messages.serializers import (
    BatchSerializer,
    DryRunSerializer,
    ListedBatchSerializer,
    ListedMessageSerializer,
    MessageFiltersSerializer,
    MessageSerializer,
    NewBatchSerializer,
    NewMessageSerializer,
)


class MessageViewSet(TwilioViewSet):
    """The user's messages."""

    serializer_class = MessageSerializer
    asks_providers = ("create",)
    pagination_class = KeysetPagination

    @extend_schema(
        operation_id="twilio_messages",
        parameters=[MessageFiltersSerializer],
        responses=ListedMessageSerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        """The newest first."""
        filters = self.filters(request, MessageFiltersSerializer)
        found: Any = queries.messages(user=self.caller, filters=filters)
        page = with_timelines(self.paginate_queryset(found) or [])
        return self.get_paginated_response(ListedMessageSerializer(page, many=True).data)

    @extend_schema(
        operation_id="twilio_message_send",
        parameters=[IDEMPOTENCY_KEY],
        request=NewMessageSerializer,
        responses={201: MessageSerializer, 202: MessageSerializer, **NOT_TWICE},
    )
    def create(self, request: Request) -> Response:
        """Send an SMS. 202: Twilio gave no answer; AVA is finding out."""
        wanted = NewMessageSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)

        def act(row: uuid.UUID | None) -> Reply:
            message = services.send_message(
                user=self.caller, idempotency=row, **wanted.validated_data
            )
            return Reply(status_of(message), MessageSerializer(message).data)

        return answer(request, scope="twilio.messages", act=act)

    @extend_schema(operation_id="twilio_message", responses={200: MessageSerializer})
    def retrieve(self, request: Request, message_id: uuid.UUID) -> Response:
        """One message, with its timeline."""
        found = queries.message(user=self.caller, message_id=message_id)
        return Response(MessageSerializer(found).data)

    @extend_schema(
        operation_id="twilio_message_cancel",
        request=None,
        responses={200: MessageSerializer, **CLASHES},
    )
    def cancel(self, request: Request, message_id: uuid.UUID) -> Response:
        """Take back a message that is for later."""
        found = queries.message(user=self.caller, message_id=message_id)
        return Response(MessageSerializer(services.cancel(found)).data)


def _shown(batch: Batch) -> dict[str, Any]:
    return dict(BatchSerializer(queries.count([batch]), many=True).data[0])


def _turn(name: str, turn: Callable[[Batch], Batch], description: str) -> Callable[..., Response]:
    @extend_schema(
        operation_id=f"twilio_batch_{name}",
        description=description,
        request=None,
        responses={200: BatchSerializer, **CLASHES},
    )
    def view(self: "BatchViewSet", request: Request, batch_id: uuid.UUID) -> Response:
        return Response(_shown(turn(queries.batch(user=self.caller, batch_id=batch_id))))

    view.__name__ = name
    return view


class BatchViewSet(TwilioViewSet):
    """Messages to many."""

    serializer_class = BatchSerializer
    asks_providers = ("create",)
    pagination_class = KeysetPagination

    @extend_schema(operation_id="twilio_batches", responses=ListedBatchSerializer(many=True))
    def list(self, request: Request) -> Response:
        """The newest first."""
        page = self.paginate_queryset(queries.batches(user=self.caller))
        counted = queries.count(page or [])
        return self.get_paginated_response(ListedBatchSerializer(counted, many=True).data)

    @extend_schema(
        operation_id="twilio_batch_start",
        parameters=[IDEMPOTENCY_KEY],
        request=NewBatchSerializer,
        responses={200: DryRunSerializer, 201: BatchSerializer, **NOT_TWICE},
    )
    def create(self, request: Request) -> Response:
        """Begin to send messages to many, or, with 200, answer what would become of them."""
        wanted = NewBatchSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        if wanted.validated_data["dry_run"]:
            batch = bulk.start(user=self.caller, **wanted.validated_data)
            return Response(DryRunSerializer(batch).data)

        def act(row: uuid.UUID | None) -> Reply:
            batch = bulk.start(user=self.caller, idempotency=row, **wanted.validated_data)
            return Reply(201, _shown(batch))

        return answer(request, scope="twilio.bulk", act=act)

    @extend_schema(operation_id="twilio_batch", responses={200: BatchSerializer})
    def retrieve(self, request: Request, batch_id: uuid.UUID) -> Response:
        """One batch, and how far it is."""
        return Response(_shown(queries.batch(user=self.caller, batch_id=batch_id)))

    pause = _turn("pause", bulk.pause, "Send no more for now.")
    resume = _turn("resume", bulk.resume, "Go on.")
    cancel = _turn("cancel", bulk.cancel, "Send no more at all; what has been sent stays sent.")
