"""/api/v1/integrations/email/summaries."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ava.http.api import ApiViewSet
from ava.http.fields import SwitchField
from integrations.email.serializers import AddressesField
from integrations.email.summaries import services

MOST = 10


class SummariesSerializer(serializers.Serializer[Any]):
    enabled = SwitchField()
    recipients = AddressesField(help_text="At most 10 addresses.")
    template = serializers.ChoiceField(
        choices=[services.SUMMARY, services.PLAIN],
        default=services.SUMMARY,
        help_text="call_summary: a table and the summary; plain: the same as a text.",
    )
    transcript = SwitchField(default=False, help_text="Whether the mail holds all that was said.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs["recipients"]) > MOST:
            raise serializers.ValidationError({"recipients": [f"At most {MOST} addresses."]})
        if attrs["enabled"] and not attrs["recipients"]:
            raise serializers.ValidationError({"recipients": ["Name who gets the mails."]})
        return attrs


class SummariesViewSet(ApiViewSet):
    """A mail after each call by an assistant."""

    ratelimit_group = "integrations"
    serializer_class = SummariesSerializer

    @extend_schema(operation_id="email_summaries")
    def retrieve(self, request: Request) -> Response:
        """Whether there are any, and who gets them."""
        return Response(SummariesSerializer(services.settings_of(self.caller)).data)

    @extend_schema(operation_id="email_summaries_change")
    def update(self, request: Request) -> Response:
        """Switch them on or off."""
        wanted = SummariesSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        row = services.change(user=self.caller, **wanted.validated_data)
        return Response(SummariesSerializer(row).data)
