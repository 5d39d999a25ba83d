"""Opt-outs in JSON."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ava.http.fields import PhoneField
from telephony.addresses import SearchField, without_channel


class PersonField(PhoneField):
    """Phone number of a person, also as rows show it: `whatsapp:+1...`."""

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(without_channel(data) if isinstance(data, str) else data)


class NewOptOutSerializer(serializers.Serializer[Any]):
    number = PersonField(help_text="E.164, or as rows show it: whatsapp:+15005550006.")


class OptOutFiltersSerializer(serializers.Serializer[Any]):
    search = SearchField(help_text="A part of the number.")


class OptOutSerializer(serializers.Serializer[Any]):
    number = serializers.CharField(source="person", help_text="Who wants no calls and messages.")
    source = serializers.SerializerMethodField(  # type: ignore[assignment]  # Field's, too
        help_text="stop: they wrote it; user: you did."
    )
    wrote_to = serializers.SerializerMethodField(help_text="The number that got the STOP.")
    at = serializers.DateTimeField()

    @extend_schema_field({"type": "string", "enum": ["stop", "user"]})
    def get_source(self, optout: Any) -> str:
        return "stop" if optout.number else "user"

    @extend_schema_field({"type": ["string", "null"]})
    def get_wrote_to(self, optout: Any) -> str | None:
        return optout.number or None
