"""JSON of settings, revisions, assistants and phone numbers."""

import json
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ava.accounts.serializers import LONGEST
from ava.http.api import AnyField
from ava.http.fields import PastedField, PhoneField
from vapi_settings.models import Revision


@extend_schema_field({"type": "number", "format": "double"})
class NumberField(AnyField):
    """A number, written as it is: 200 and not 200.0."""


class StoredField(AnyField):
    """A value as a revision stores it; null where there is none."""

    def to_representation(self, value: str) -> Any:
        return json.loads(value)


class ExistsField(serializers.BooleanField):
    """Whether there is a value."""

    def get_attribute(self, instance: Any) -> bool:
        return super().get_attribute(instance) is not None


class SettingSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(source="definition.key")
    value = AnyField(
        help_text="What the assistant holds; the default where it holds nothing.",
    )
    type = serializers.ChoiceField(
        choices=["string", "integer", "float", "boolean", "json"], source="definition.type"
    )
    description = serializers.CharField(source="definition.description")
    constraints = serializers.DictField(
        child=NumberField(),
        help_text="min_length, max_length, minimum, maximum, max_bytes: what applies.",
    )
    default = AnyField(source="definition.default")
    updated_at = serializers.DateTimeField(allow_null=True)
    custom = serializers.BooleanField(source="definition.custom")
    is_set = serializers.BooleanField(help_text="Whether the assistant holds a value of its own.")


class BriefSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    updated_at = serializers.DateTimeField(allow_null=True)


class FreshnessSerializer(serializers.Serializer[Any]):
    """Members of an answer served from a stale copy."""

    stale = serializers.BooleanField(
        required=False, help_text="true: Vapi fails, this is the last good copy."
    )
    as_of = serializers.DateTimeField(required=False, help_text="When that copy was read.")


class SettingsSerializer(FreshnessSerializer):
    settings = SettingSerializer(many=True)
    assistant = BriefSerializer()


class OneSettingSerializer(FreshnessSerializer):
    setting = SettingSerializer()


class RevertedSettingSerializer(serializers.Serializer[Any]):
    setting = SettingSerializer(allow_null=True, help_text="null: the custom setting is gone.")


class ChangeSerializer(serializers.Serializer[Any]):
    """The body of PUT."""

    value = AnyField(help_text="Of the setting's type.")


class WholeNumber(serializers.IntegerField):
    """An integer that JSON writes as one: true is none."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool | str):
            self.fail("invalid")
        return super().to_internal_value(data)


class RevertSerializer(serializers.Serializer[Any]):
    """The body of revert."""

    revision = WholeNumber(min_value=1, max_value=2**31 - 1)


class RevisionSerializer(serializers.Serializer[Revision]):
    revision = serializers.IntegerField(source="number")
    before = StoredField()
    after = StoredField()
    by = serializers.CharField(
        source="by.username",
        default=None,
        allow_null=True,
        help_text="null: changed outside AVA, or found.",
    )
    at = serializers.DateTimeField()
    source = serializers.ChoiceField(choices=Revision.Source.choices)  # type: ignore[assignment]  # the member's name
    correlation_id = serializers.CharField()
    status = serializers.ChoiceField(
        choices=[
            choice for choice in Revision.Status.choices if choice[0] not in Revision.NEVER_MADE
        ]
    )
    drift = serializers.SerializerMethodField()
    before_exists = ExistsField(source="before", help_text="null may be a value.")
    after_exists = ExistsField(source="after", help_text="null may be a value.")

    def get_drift(self, revision: Revision) -> bool:
        """Whether it was changed outside AVA."""
        return revision.source == Revision.Source.VAPI


class PartSerializer(serializers.Serializer[Any]):
    provider = serializers.CharField()
    name = serializers.CharField()


class AssistantSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    model = PartSerializer(allow_null=True)
    voice = PartSerializer(allow_null=True)
    transcriber = PartSerializer(allow_null=True)
    created_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField(allow_null=True)


class OneAssistantSerializer(FreshnessSerializer, AssistantSerializer):
    pass


class PhoneNumberSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    number = serializers.CharField()
    name = serializers.CharField()
    provider = serializers.CharField()
    status = serializers.CharField()
    assistant_id = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField(allow_null=True)


CONSEQUENCE: Final = (
    "From then on Vapi answers this number: it replaces the number's voice URL at Twilio, so "
    "calls to it no longer reach AVA or whatever answers them now. Messages stay as they are."
)


class ImportSerializer(serializers.Serializer[Any]):
    """A number of the user's Twilio account that Vapi shall use."""

    number = PhoneField()
    assistant_id = PastedField(required=False, max_length=64, help_text="Who answers calls to it.")
    name = serializers.CharField(required=False, default="", allow_blank=True, max_length=40)
    password = serializers.CharField(
        max_length=LONGEST,
        trim_whitespace=False,
        write_only=True,
        style={"input_type": "password"},
        help_text="Yours at AVA, because Twilio's secret goes to Vapi.",
        error_messages={
            "required": "Give the password of your AVA account, too: Twilio's secret goes to Vapi."
        },
    )
    replace_voice_url = serializers.ChoiceField(
        choices=[True],
        help_text=CONSEQUENCE,
        error_messages=dict.fromkeys(
            ("required", "null", "invalid_choice"),
            f"{CONSEQUENCE} Send true if you want that.",
        ),
    )
