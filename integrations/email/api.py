"""/api/v1/integrations/email."""

from dataclasses import asdict

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from ava.http.api import ApiViewSet
from ava.http.openapi import ProblemSerializer
from ava.http.problems import CONTENT_TYPE
from integrations.email import services
from integrations.email.serializers import EmailOutcomeSerializer, EmailTestSerializer


class EmailViewSet(ApiViewSet):
    ratelimit_group = "email_test"
    serializer_class = EmailTestSerializer

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
        return Response(asdict(services.send_test(user=self.caller, **body.validated_data)))
