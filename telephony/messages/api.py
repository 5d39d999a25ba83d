"""/api/v1/twilio/messages."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ava.idempotency.api import IDEMPOTENCY_KEY, answer
from ava.idempotency.services import Reply
from telephony.api import CLASHES, NOT_TWICE, TwilioViewSet, status_of
from telephony.messages import queries, services
from telephony.messages.serializers import (
    MessageFiltersSerializer,
    MessageSerializer,
    NewMessageSerializer,
)


class MessageViewSet(TwilioViewSet):
    """The user's messages."""

    serializer_class = MessageSerializer
    asks_providers = ("create",)

    @extend_schema(operation_id="twilio_messages", parameters=[MessageFiltersSerializer])
    def list(self, request: Request) -> Response:
        """The newest first."""
        filters = self.filters(request, MessageFiltersSerializer)
        found = queries.messages(user=self.caller, filters=filters)
        page = self.paginate_queryset(found)
        return self.get_paginated_response(MessageSerializer(page, many=True).data)

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
