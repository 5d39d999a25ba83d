"""JSON fields that calls and messages share, and numbers."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ava.http import correlation
from ava.http.fields import TimeParameter
from ava.intents.serializers import EntrySerializer, RowSerializer, word_field
from telephony.addresses import AddressField, SearchField
from telephony.intents.models import Communication

LATEST = timedelta(days=35)


class CapabilitiesSerializer(serializers.Serializer[Any]):
    voice = serializers.BooleanField()
    sms = serializers.BooleanField()
    mms = serializers.BooleanField()


class NumberSerializer(serializers.Serializer[Any]):
    phone_number = serializers.CharField(help_text="E.164.")
    friendly_name = serializers.CharField(allow_blank=True)
    capabilities = CapabilitiesSerializer(source="*")


class SenderSerializer(serializers.Serializer[Any]):
    sender = serializers.CharField(help_text="For `from`: MG..., or the digits of a short code.")
    kind = serializers.CharField(help_text="messaging_service or short_code.")
    friendly_name = serializers.CharField(allow_blank=True)
    limits = serializers.CharField(help_text="What it cannot do, for people.")


class NumbersSerializer(serializers.Serializer[Any]):
    numbers = NumberSerializer(many=True)
    senders = SenderSerializer(many=True, help_text="What else messages may come from.")


class FromSerializer(serializers.Serializer[Any]):
    """A serializer whose `from_number` is called `from`, which is no name in Python."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        fields["from"] = fields.pop("from_number")
        fields["from"].source = "from_number"
        return fields


class SendAtField(serializers.DateTimeField):
    """A moment in the next 35 days, with its offset. Whether it has passed is asked where the call
    or message begins: a request that is sent again with its key may come after it."""

    def enforce_timezone(self, value: datetime) -> Any:
        if timezone.is_naive(value):
            raise serializers.ValidationError("Give the offset, too: 2026-03-29T10:00:00+02:00.")
        return super().enforce_timezone(value)

    def to_internal_value(self, value: Any) -> Any:
        moment = super().to_internal_value(value)
        if moment - timezone.now() > LATEST:
            raise serializers.ValidationError("At most 35 days from now.")
        return moment


class DetailsField(serializers.DictField):
    """Details that came in with a call or a message."""

    def __init__(self) -> None:
        text = "What else Twilio sent with one that came in, by Twilio's names."
        super().__init__(child=serializers.CharField(), help_text=text)


class CommunicationSerializer(RowSerializer, FromSerializer):
    """Members that calls and messages have in common."""

    id = serializers.UUIDField()
    from_number = serializers.CharField()
    direction = serializers.ChoiceField(choices=["outbound", "inbound"])
    to = serializers.CharField()
    status = serializers.CharField(
        help_text="Twilio's own word once there is one; before: scheduled, pending, unknown."
    )
    provider_sid = serializers.CharField(allow_null=True)
    correlation_id = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField(help_text="Of the last change of `status`.")
    send_at = serializers.DateTimeField(allow_null=True)
    error_code = serializers.IntegerField(allow_null=True, help_text="Twilio's.")
    error = serializers.CharField(
        help_text="For people: why it failed, or why AVA cannot look after it now; else empty."
    )
    price = serializers.SerializerMethodField(help_text="As the provider says, with its sign.")
    price_unit = serializers.SerializerMethodField(help_text="USD, for instance; of `price`.")
    timeline = EntrySerializer(many=True, source="entries")

    @extend_schema_field({"type": ["string", "null"], "format": "decimal"})
    def get_price(self, intent: Any) -> str | None:
        return None if intent.price is None else f"{intent.price.normalize():f}"

    def get_price_unit(self, intent: Any) -> str | None:
        # Twilio names the currency before it knows what it is to be counted in it.
        return (intent.price_unit or None) if intent.price is not None else None


class FiltersSerializer(FromSerializer):
    """Filters of both lists; each adds `status`."""

    from_number = AddressField(required=False)
    to = AddressField(required=False)
    direction = word_field(Communication.Direction.values)
    correlation_id = serializers.CharField(required=False, max_length=correlation.MAX_LENGTH)
    search = SearchField(
        help_text="A part of a number, the provider's ID, the correlation ID or a message's text, "
        "in any case.",
    )
    since = TimeParameter(required=False, help_text="Made at this moment or later.")
    until = TimeParameter(required=False, help_text="Made before this moment.")
