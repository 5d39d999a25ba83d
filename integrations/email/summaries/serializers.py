"""Summary mails in JSON."""

from typing import Any

from rest_framework import serializers

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
