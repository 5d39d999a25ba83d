"""How telephony looks in JSON."""

from typing import Any

from rest_framework import serializers


class CapabilitiesSerializer(serializers.Serializer[Any]):
    voice = serializers.BooleanField()
    sms = serializers.BooleanField()
    mms = serializers.BooleanField()


class NumberSerializer(serializers.Serializer[Any]):
    phone_number = serializers.CharField(help_text="E.164.")
    friendly_name = serializers.CharField(allow_blank=True)
    capabilities = CapabilitiesSerializer()


class NumbersSerializer(serializers.Serializer[Any]):
    numbers = NumberSerializer(many=True)
