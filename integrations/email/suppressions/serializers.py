"""Suppressions in JSON."""

from typing import Any

from rest_framework import serializers

from ava.http.fields import PastedEmailField
from integrations.email.addresses import key
from integrations.email.suppressions.models import ADDRESS_LENGTH, Suppression


class SuppressionSerializer(serializers.ModelSerializer[Suppression]):
    class Meta:
        model = Suppression
        fields = ("address", "reason", "detail", "at")
        read_only_fields = fields


class NewSuppressionSerializer(serializers.Serializer[Any]):
    address = PastedEmailField(max_length=254)

    def validate_address(self, value: str) -> str:
        if len(key(value)) > ADDRESS_LENGTH:  # a domain of other scripts is longer in ASCII
            raise serializers.ValidationError("This address is too long for a mail.")
        return value


class SuppressionFiltersSerializer(serializers.Serializer[Any]):
    search = serializers.CharField(
        required=False, max_length=100, help_text="A part of the address."
    )
