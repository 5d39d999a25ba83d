"""JSON of activity."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ava.activity.models import KINDS


class HappeningSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=KINDS)
    summary = serializers.CharField(help_text="A sentence for a person.")
    status = serializers.CharField(help_text="An HTTP status, or a word.")
    failed = serializers.BooleanField()
    duration_ms = serializers.FloatField(allow_null=True)
    links = serializers.SerializerMethodField()

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
    def get_links(self, entry: Any) -> dict[str, str]:
        return {entry.kind: entry.link} if entry.link else {}


class ListedHappeningSerializer(HappeningSerializer):
    correlation_id = serializers.CharField()


class StorySerializer(serializers.Serializer[Any]):
    correlation_id = serializers.CharField()
    entries = HappeningSerializer(many=True, help_text="In order of time.")
