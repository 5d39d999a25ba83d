"""REST API of mails: /api/v1/integrations/email/test and /messages."""

import uuid
from dataclasses import asdict
from typing import Any, Final

from django.conf import settings
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ava.http.api import ApiViewSet
from ava.http.keyset import KeysetPagination
from ava.http.openapi import ProblemSerializer
from ava.http.problems import CONTENT_TYPE
from ava.idempotency.api import IDEMPOTENCY_KEY, answer
from ava.idempotency.services import Reply
from ava.intents.states import UNSENT
from integrations.email import queries, services
from integrations.email.content import rendering
from integrations.email.content.attachments import TOO_LARGE
from integrations.email.content.catalogue import TEMPLATES
from integrations.email.models import Mail
from integrations.email.serializers import (
    EmailOutcomeSerializer,
    EmailTestSerializer,
    ListedMailSerializer,
    MailFiltersSerializer,
    MailSerializer,
    NewMailSerializer,
    PreviewSerializer,
    TemplateSerializer,
)

_REFUSALS: Final[dict[Any, Any]] = {
    (403, CONTENT_TYPE): ProblemSerializer,
    (409, CONTENT_TYPE): ProblemSerializer,
    (422, CONTENT_TYPE): OpenApiResponse(
        ProblemSerializer, "The Idempotency-Key was used with another body."
    ),
}


class EmailViewSet(ApiViewSet):
    """Test mails."""

    ratelimit_group = "email_test"
    serializer_class = EmailTestSerializer
    asks_providers = True

    @extend_schema(
        operation_id="email_test",
        request=EmailTestSerializer,
        responses={
            200: EmailOutcomeSerializer,
            (403, CONTENT_TYPE): ProblemSerializer,
            (409, CONTENT_TYPE): ProblemSerializer,
        },
    )
    def test(self, request: Request) -> Response:
        """Send a test e-mail. In stub mode nothing leaves AVA, and the answer says so."""
        body = EmailTestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        outcome = asdict(services.send_test(user=self.caller, **body.validated_data))
        return Response({name: value for name, value in outcome.items() if value is not None})


class MailViewSet(ApiViewSet):
    """The user's mails."""

    ratelimit_group = "integrations"
    serializer_class = MailSerializer
    largest_body = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    too_large = TOO_LARGE
    asks_providers = ("create",)
    pagination_class = KeysetPagination

    @extend_schema(
        operation_id="email_messages",
        parameters=[MailFiltersSerializer],
        responses=ListedMailSerializer(many=True),
    )
    def list(self, request: Request) -> Response:
        """The newest first."""
        filters = MailFiltersSerializer(data=request.query_params.dict())
        filters.is_valid(raise_exception=True)
        found: Any = queries.mails(user=self.caller, filters=filters.validated_data)
        page = queries.shown(self.paginate_queryset(found) or [])
        return self.get_paginated_response(ListedMailSerializer(page, many=True).data)

    @extend_schema(
        operation_id="email_message_send",
        parameters=[IDEMPOTENCY_KEY],
        request=NewMailSerializer,
        responses={201: MailSerializer, 202: MailSerializer, **_REFUSALS},
    )
    def create(self, request: Request) -> Response:
        """Send an e-mail. 202: the provider gave no answer; AVA is finding out."""
        wanted = NewMailSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)

        def act(row: uuid.UUID | None) -> Reply:
            mail = services.send_mail(user=self.caller, idempotency=row, **wanted.validated_data)
            return Reply(202 if mail.status in UNSENT else 201, _shown(mail))

        return answer(request, scope="email.messages", act=act)

    @extend_schema(operation_id="email_message", responses={200: MailSerializer})
    def retrieve(self, request: Request, mail_id: uuid.UUID) -> Response:
        """One e-mail, with its texts and its timeline."""
        return Response(_shown(queries.mail(user=self.caller, mail_id=mail_id)))


def _shown(mail: Mail) -> Any:
    return MailSerializer(queries.shown([mail])[0]).data


class TemplateViewSet(ApiViewSet):
    """Templates of mails."""

    ratelimit_group = "integrations"
    serializer_class = TemplateSerializer

    @extend_schema(operation_id="email_templates", responses=TemplateSerializer(many=True))
    def list(self, request: Request) -> Response:
        """All templates, with their fields."""
        page = self.paginate_queryset([*TEMPLATES.values()])
        return self.get_paginated_response(TemplateSerializer(page, many=True).data)

    @extend_schema(operation_id="email_template", responses={200: PreviewSerializer})
    def retrieve(self, request: Request, name: str) -> Response:
        """A template filled with its sample: subject, text and HTML as they would be sent."""
        template, found = rendering.find(name), rendering.preview(name)
        shown = {**TemplateSerializer(template).data, **asdict(found)}
        return Response(shown)
