"""/api/v1/twilio/messages/bulk."""

import uuid
from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ava.idempotency.api import IDEMPOTENCY_KEY, answer
from ava.idempotency.services import Reply
from telephony.api import CLASHES, NOT_TWICE, TwilioViewSet
from telephony.messages import bulk, queries
from telephony.messages.models import Batch
from telephony.messages.serializers import BatchSerializer, NewBatchSerializer


def _turn(name: str, turn: Callable[[Batch], Batch], said: str) -> Callable[..., Response]:
    @extend_schema(
        operation_id=f"twilio_batch_{name}",
        description=said,
        request=None,
        responses={200: BatchSerializer, **CLASHES},
    )
    def view(self: "BatchViewSet", request: Request, batch_id: uuid.UUID) -> Response:
        return Response(shown(turn(queries.batch(user=self.caller, batch_id=batch_id))))

    view.__name__ = name
    return view


class BatchViewSet(TwilioViewSet):
    """Messages to many."""

    serializer_class = BatchSerializer
    asks_providers = ("create",)

    @extend_schema(operation_id="twilio_batches")
    def list(self, request: Request) -> Response:
        """The newest first."""
        page = self.paginate_queryset(queries.batches(user=self.caller))
        counted = queries.count(page or [])
        return self.get_paginated_response(BatchSerializer(counted, many=True).data)

    @extend_schema(
        operation_id="twilio_batch_start",
        parameters=[IDEMPOTENCY_KEY],
        request=NewBatchSerializer,
        responses={201: BatchSerializer, **NOT_TWICE},
    )
    def create(self, request: Request) -> Response:
        """Begin to send messages to many."""
        wanted = NewBatchSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)

        def act(row: uuid.UUID | None) -> Reply:
            batch = bulk.start(user=self.caller, idempotency=row, **wanted.validated_data)
            return Reply(201, shown(batch))

        return answer(request, scope="twilio.bulk", act=act)

    @extend_schema(operation_id="twilio_batch", responses={200: BatchSerializer})
    def retrieve(self, request: Request, batch_id: uuid.UUID) -> Response:
        """One batch, and how far it is."""
        found = queries.batch(user=self.caller, batch_id=batch_id)
        return Response(shown(found))

    pause = _turn("pause", bulk.pause, "Send no more for now.")
    resume = _turn("resume", bulk.resume, "Go on.")
    cancel = _turn("cancel", bulk.cancel, "Send no more at all; what has been sent stays sent.")


def shown(batch: Batch) -> dict[str, Any]:
    """One batch in JSON."""
    return dict(BatchSerializer(queries.count([batch]), many=True).data[0])
