"""REST API of test e-mails."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ava.http.api import ApiViewSet
from ava.http.fields import PastedEmailField
from ava.http.openapi import ProblemSerializer
from ava.http.problems import CONTENT_TYPE
from integrations.email import services

# One line with something on it: a line break in a subject would start another mail header.
# Spaces, then anything but a space: there is one way to match, so the time is linear.
_ONE_LINE = r"^ *[^\x00-\x20\x7f][^\x00-\x1f\x7f]*\Z"


class EmailTestSerializer(serializers.Serializer[Any]):
    to = PastedEmailField(max_length=254)
    subject = serializers.RegexField(
        _ONE_LINE,
        min_length=1,
        max_length=120,
        trim_whitespace=False,
        error_messages={"invalid": "Use one line of 1 to 120 characters, without control codes."},
    )
    text = serializers.CharField(min_length=1, max_length=2000, trim_whitespace=False)


class EmailOutcomeSerializer(serializers.Serializer[Any]):
    backend = serializers.ChoiceField(choices=[*services.BACKENDS, "stub"])
    delivered = serializers.BooleanField()
    message = serializers.CharField(help_text="What happened, in a sentence.")


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
