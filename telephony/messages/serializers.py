"""How messages look in JSON."""

from typing import Any

from rest_framework import serializers

from telephony.serializers import IntentSerializer, PhoneField, SendAtField
from telephony.twiml import is_speakable

MAX_BODY = 1600
PLAIN = "Control characters cannot be sent."


class BodyField(serializers.CharField):
    """The text of an SMS, as it is: white space matters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_BODY, trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not text.strip():
            raise serializers.ValidationError("Write a text.")
        if not is_speakable(text):
            raise serializers.ValidationError(PLAIN)
        return text


class NewMessageSerializer(serializers.Serializer[Any]):
    to = PhoneField()
    body = BodyField()
    send_at = SendAtField(required=False, help_text="When to send it; left out: now.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """With `from`, which is no name in Python."""
        fields = super().get_fields()
        fields["from"] = PhoneField(required=False, source="from_number")
        return fields


class MessageSerializer(IntentSerializer):
    body = serializers.CharField()
    batch = serializers.UUIDField(source="batch_id", allow_null=True)
